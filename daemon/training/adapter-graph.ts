/** The graph that trains a batch of adapters by one step: row i owns adapter i, the frozen U-Net is shared. */
import { adaptedWeights, type LoraLayout, unpackLora } from "../adapters/lora.ts";
import { type DiffusionModel, latentShape } from "../diffusion/diffusion-model.ts";
import { unet } from "../diffusion/unet.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { fileWeights } from "../nn/weights.ts";
import type { AdamWConfig } from "../optim/adamw.ts";
import { buildTrainStep, type TrainStepOutputs } from "../optim/train-step.ts";
import { addNoise, rowwiseLoss, trainingTarget } from "./diffusion-loss.ts";

export type AdapterGraphOptions = {
  /** Adapters trained at once. */
  readonly rows: number;
  readonly layout: LoraLayout;
  readonly alpha: number;
  readonly resolution: number;
  readonly adamW: AdamWConfig;
  readonly maxGradNorm: number;
};

/**
 * Inputs beside those of the train step: `latents` and `noise` [rows, channels, side, side], `signalScale` and
 * `noiseScale` [rows, 1, 1, 1], `timesteps` [rows], `promptEmbeds` [rows, tokens, width].
 */
export function adapterTrainingGraph(model: DiffusionModel, options: AdapterGraphOptions): TrainStepOutputs {
  const { rows, layout, alpha, adamW, maxGradNorm } = options;
  const names = layout.targets.flatMap(({ name }) => [name, name]);
  return buildTrainStep({
    rows,
    parameterCount: layout.parameterCount,
    adamW,
    maxGradNorm,
    unpack: (packed) => [...unpackLora(layout, packed).values()].flatMap(({ a, b }) => [a, b]),
    loss: (tensors) => {
      const pairs = new Map<string, { a: Value; b: Value }>();
      for (let index = 0; index < tensors.length; index += 2) {
        pairs.set(names[index]!, { a: tensors[index]!, b: tensors[index + 1]! });
      }
      const weights = adaptedWeights(fileWeights(model.unet.file), pairs, alpha / layout.rank);
      const noised = noisedInputs(model, options);
      const prediction = unet(weights, model.unet.config, {
        latents: addNoise(noised),
        timesteps: input("timesteps", [rows]),
        promptEmbeds: input("promptEmbeds", [rows, model.tokenizer.maxLength, model.unet.config.crossAttentionDim]),
      });
      return rowwiseLoss(prediction, trainingTarget(noised, model.scheduler.predictionType));
    },
  });
}

function noisedInputs(model: DiffusionModel, { rows, resolution }: AdapterGraphOptions) {
  const shape = [rows, ...latentShape(model, resolution)];
  const scale = (name: string) => input(name, [rows, 1, 1, 1]);
  return {
    latents: input("latents", shape),
    noise: input("noise", shape),
    signalScale: scale("signalScale"),
    noiseScale: scale("noiseScale"),
  };
}
