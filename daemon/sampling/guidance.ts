/** The graph of one denoising step: the U-Net with a fusion for each row, and classifier-free guidance. */
import { adaptedWeights, type LoraLayout, unpackLora } from "../adapters/lora.ts";
import { type DiffusionModel, latentShape } from "../diffusion/diffusion-model.ts";
import { unet } from "../diffusion/unet.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { add, mul, sub } from "../engine/ops/elementwise.ts";
import { concat, reshape, slice } from "../engine/ops/movement.ts";
import { fileWeights, type Weights } from "../nn/weights.ts";

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
  const { rows, guided, layout } = options;
  const config = model.unet.config;
  const base = fileWeights(model.unet.file);
  const weights = layout === undefined ? base : withFusions(base, layout, rows);
  const latents = input("latents", [rows, ...latentShape(model, options.resolution)]);
  const timesteps = input("timesteps", [rows]);
  const embeds = (name: string) => input(name, [rows, model.tokenizer.maxLength, config.crossAttentionDim]);
  const promptEmbeds = embeds("promptEmbeds");
  if (!guided) return unet(weights, config, { latents, timesteps, promptEmbeds });
  const both = unet(weights, config, {
    latents: twice(latents, latents),
    timesteps: twice(timesteps, timesteps),
    promptEmbeds: twice(embeds("negativeEmbeds"), promptEmbeds),
  });
  const pairs = reshape(both, [rows, 2, ...both.shape.slice(1)]);
  const [negative, positive] = [0, 1].map((half) => reshape(slice(pairs, 1, half, half + 1), latents.shape));
  return add(negative!, mul(input("guidanceScale", []), sub(positive!, negative!)));
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
