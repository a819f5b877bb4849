/** The graph of one denoising step: the U-Net with a fusion for each row, and classifier-free guidance. */
import { adaptedWeights, type LoraLayout, unpackLora } from "../adapters/lora.ts";
import { type DiffusionModel, latentShape } from "../diffusion/diffusion-model.ts";
import { unet } from "../diffusion/unet.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { add, mul, sub } from "../engine/ops/elementwise.ts";
import { concat, reshape, slice } from "../engine/ops/movement.ts";
import { fileWeights, type Weights } from "../nn/weights.ts";
import { givenProjections, recordedProjections } from "./prompt-projections.ts";

export type GuidanceOptions = {
  /** Images sampled at once. */
  readonly rows: number;
  readonly resolution: number;
  /** Guided by the difference to the negative prompt; false leaves the negative prompt and its cost out. */
  readonly guided: boolean;
  /** Layout of the packed fusions; undefined samples the base model. */
  readonly layout: LoraLayout | undefined;
};

/**
 * The guided model output [rows, channels, side, side]: negative + guidanceScale (positive - negative) (Ho & Salimans 2022).
 * Inputs: `latents` [rows, channels, side, side]; `timesteps` [rows]; `promptEmbeds` [rows, tokens, width]; with guidance
 * `negativeEmbeds` of the same shape and `guidanceScale` []; with adapters `fusions` [rows, parameterCount].
 */
export function guidedPrediction(model: DiffusionModel, options: GuidanceOptions): Value {
  return predictionWith(model, options, unetWeights(model, options));
}

/** The same, with the outputs of `promptProjections` as inputs in the place of the prompts. */
export function guidedStep(model: DiffusionModel, options: GuidanceOptions): Value {
  const prompts = promptRows(model, options);
  return predictionWith(model, options, givenProjections(unetWeights(model, options), prompts), prompts);
}

/**
 * What the U-Net makes of the prompts alone, the same in every step, by the names of guidedStep's inputs. Inputs:
 * `promptEmbeds`, with guidance `negativeEmbeds`, with adapters `fusions`, as in guidedPrediction.
 */
export function promptProjections(model: DiffusionModel, options: GuidanceOptions): Readonly<Record<string, Value>> {
  const prompts = promptRows(model, options);
  const { weights, projections } = recordedProjections(unetWeights(model, options), prompts);
  predictionWith(model, options, weights, prompts);
  return Object.fromEntries(projections);
}

function predictionWith(
  model: DiffusionModel,
  options: GuidanceOptions,
  weights: Weights,
  promptEmbeds = promptRows(model, options),
): Value {
  const { rows, guided, resolution } = options;
  const latents = input("latents", [rows, ...latentShape(model, resolution)]);
  const timesteps = input("timesteps", [rows]);
  const { config } = model.unet;
  if (!guided) return unet(weights, config, { latents, timesteps, promptEmbeds });
  const both = unet(weights, config, {
    latents: twice(latents, latents),
    timesteps: twice(timesteps, timesteps),
    promptEmbeds,
  });
  const pairs = reshape(both, [rows, 2, ...both.shape.slice(1)]);
  const [negative, positive] = [0, 1].map((half) => reshape(slice(pairs, 1, half, half + 1), latents.shape));
  return add(negative!, mul(input("guidanceScale", []), sub(positive!, negative!)));
}

/** Prompt embeds of each row, with guidance the negative ones in front: [rows or 2 * rows, tokens, width]. */
function promptRows({ tokenizer, unet: { config } }: DiffusionModel, { rows, guided }: GuidanceOptions): Value {
  const embeds = (name: string) => input(name, [rows, tokenizer.maxLength, config.crossAttentionDim]);
  return guided ? twice(embeds("negativeEmbeds"), embeds("promptEmbeds")) : embeds("promptEmbeds");
}

function unetWeights({ unet: { file } }: DiffusionModel, { rows, layout }: GuidanceOptions): Weights {
  const base = fileWeights(file);
  return layout === undefined ? base : withFusions(base, layout, rows);
}

function withFusions(base: Weights, layout: LoraLayout, rows: number): Weights {
  return adaptedWeights(base, unpackLora(layout, input("fusions", [rows, layout.parameterCount])), 1);
}

/** Row i of both, one after the other: [rows * 2, ...]. A row's copies stay together, so that they share its fusion. */
function twice(first: Value, second: Value): Value {
  const [rows, ...rest] = first.shape as [number, ...number[]];
  const single = [rows, 1, ...rest];
  return reshape(concat([reshape(first, single), reshape(second, single)], 1), [rows * 2, ...rest]);
}
