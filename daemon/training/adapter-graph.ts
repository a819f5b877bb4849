/** The graph that trains a batch of adapters by one step: row i owns adapter i, the frozen networks are shared. */
import { adaptedWeights, type LoraValues, loraFromTensors, loraTensors } from "../adapters/lora.ts";
import { type AdapterLayouts, type AdapterValues, packedSize, unpackAdapter } from "../adapters/packed-adapter.ts";
import { type DiffusionModel, latentShape } from "../diffusion/diffusion-model.ts";
import { encodeTokens, plainTextWeights } from "../diffusion/text-encoder.ts";
import { unet } from "../diffusion/unet.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { reshape } from "../engine/ops/movement.ts";
import { reduceMean } from "../engine/ops/reduction.ts";
import { fileWeights } from "../nn/weights.ts";
import type { AdamWConfig } from "../optim/adamw.ts";
import { buildTrainStep, type TrainStepOutputs } from "../optim/train-step.ts";
import { addNoise, rowwiseLoss, trainingTarget } from "./diffusion-loss.ts";

export type AdapterGraphOptions = {
  /** Adapters trained at once. */
  readonly rows: number;
  /** Examples that each adapter sees in one step; its loss is their mean. */
  readonly examplesPerStep: number;
  /**
   * Examples of each adapter computed in one run, a divisor of `examplesPerStep` and by default all of them. Fewer need
   * less memory: a step is then the sum of several runs.
   */
  readonly examplesAtOnce?: number;
  /** All examples of a row have the same prompt: it is encoded once a step. */
  readonly sharedPrompt?: boolean;
  /** With a text encoder its adapter is trained together with that of the U-Net. */
  readonly layouts: AdapterLayouts;
  readonly alpha: number;
  readonly resolution: number;
  readonly adamW: AdamWConfig;
  /** Of the gradient of the whole adapter, both networks together. */
  readonly maxGradNorm: number;
};

/**
 * Inputs beside those of the train step, with batch = rows * examplesAtOnce and a row's examples side by side:
 * `latents` and `noise` [batch, channels, side, side], `signalScale` and `noiseScale` [batch, 1, 1, 1], `timesteps`
 * [batch]; and `promptEmbeds` [prompts, tokens, width], or `tokenIds` [prompts, tokens] i64 with an adapted text
 * encoder, where prompts is batch, or rows if they share theirs.
 */
export function adapterTrainingGraph(model: DiffusionModel, options: AdapterGraphOptions): TrainStepOutputs {
  const { rows, layouts, adamW, maxGradNorm } = options;
  const parts = options.examplesPerStep / examplesAtOnce(options);
  if (!Number.isInteger(parts)) throw new Error("examplesAtOnce has to divide examplesPerStep");
  return buildTrainStep({
    rows,
    parameterCount: packedSize(layouts),
    adamW,
    maxGradNorm,
    parts,
    unpack: (packed) => {
      const values = unpackAdapter(layouts, packed);
      return [...loraTensors(values.unet), ...loraTensors(values.textEncoder)];
    },
    loss: (tensors) => adapterLosses(model, options, valuesOf(layouts, tensors)),
  });
}

/** The tensors that `unpack` cut, by network and module again. */
function valuesOf({ unet, textEncoder }: AdapterLayouts, tensors: readonly Value[]): AdapterValues {
  return {
    unet: loraFromTensors(unet, tensors),
    textEncoder: textEncoder === undefined ? new Map() : loraFromTensors(textEncoder, tensors, unet.targets.length),
  };
}

/** The loss of each adapter, [rows]. */
function adapterLosses(model: DiffusionModel, options: AdapterGraphOptions, values: AdapterValues): Value {
  const { rows, layouts, alpha } = options;
  const count = examplesAtOnce(options);
  const batch = rows * count;
  const weights = adaptedWeights(fileWeights(model.unet.file), values.unet, alpha / layouts.unet.rank);
  const noised = noisedInputs(batch, latentShape(model, options.resolution));
  const prediction = unet(weights, model.unet.config, {
    latents: addNoise(noised),
    timesteps: input("timesteps", [batch]),
    promptEmbeds: promptEmbeds(model, options, values.textEncoder),
  });
  const losses = rowwiseLoss(prediction, trainingTarget(noised, model.scheduler.predictionType));
  return count === 1 ? losses : reshape(reduceMean(reshape(losses, [rows, count]), [1]), [rows]);
}

function noisedInputs(batch: number, latents: readonly number[]) {
  const shape = [batch, ...latents];
  const scale = (name: string) => input(name, [batch, 1, 1, 1]);
  return {
    latents: input("latents", shape),
    noise: input("noise", shape),
    signalScale: scale("signalScale"),
    noiseScale: scale("noiseScale"),
  };
}

/** Examples of each row in one run. */
export function examplesAtOnce(options: AdapterGraphOptions): number {
  return options.examplesAtOnce ?? options.examplesPerStep;
}

/** Prompts of each row in one run. */
export function promptsPerRow(options: AdapterGraphOptions): number {
  return options.sharedPrompt === true ? 1 : examplesAtOnce(options);
}

/** Fed as they are, or computed by the adapted text encoder, [prompts, tokens, width]. */
function promptEmbeds(
  { unet, textEncoder, tokenizer }: DiffusionModel,
  options: AdapterGraphOptions,
  lora: LoraValues,
): Value {
  const { rows, layouts, alpha } = options;
  const shape = [rows * promptsPerRow(options), tokenizer.maxLength];
  if (layouts.textEncoder === undefined) return input("promptEmbeds", [...shape, unet.config.crossAttentionDim]);
  const base = plainTextWeights(fileWeights(textEncoder.file));
  const weights = adaptedWeights(base, lora, alpha / layouts.textEncoder.rank);
  return encodeTokens(weights, textEncoder.config, input("tokenIds", shape, "i64"));
}
