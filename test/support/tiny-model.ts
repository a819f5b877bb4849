/** The smallest real model: the reference case's, in diffusers layout, with random weights. */

import { loraLayout } from "../../daemon/adapters/lora.ts";
import { findTargetModules, findTextTargetModules } from "../../daemon/adapters/targets.ts";
import { randomStream } from "../../daemon/base/random.ts";
import { type DiffusionModel, loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import type { TrainerOptions, TrainingExample, TrainingRow } from "../../daemon/training/trainer.ts";
import { referencePath } from "./reference.ts";
import { cpu } from "./run-graph.ts";

/** Pixels of its pictures, along each side. */
export const tinyResolution = 64;

export function tinyModel(session: DiffusionModel["session"] = cpu): Promise<DiffusionModel> {
  return loadDiffusionModel(referencePath("mini-tiny"), session);
}

/** Options to train `rows` adapters of rank 2 for `steps` steps. */
export function tinyTraining(model: DiffusionModel, rows: number, steps = 4): TrainerOptions {
  return {
    rows,
    examplesPerStep: 1,
    layouts: { unet: loraLayout(2, findTargetModules(model.unet.file.tensors, ["to_q", "to_k", "to_v", "to_out.0"])) },
    alpha: 2,
    resolution: tinyResolution,
    adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    maxGradNorm: 1,
    lrSchedule: { name: "cosine", learningRate: 1e-2, warmupSteps: 1, steps },
  };
}

/** The same with the text encoder adapted too, by rank 3, and `examplesPerStep` examples a step. */
export function tinyJointTraining(model: DiffusionModel, rows: number, examplesPerStep: number): TrainerOptions {
  const options = tinyTraining(model, rows);
  const targets = ["q_proj", "k_proj", "v_proj", "out_proj"];
  const textEncoder = loraLayout(3, findTextTargetModules(model.textEncoder.file.tensors, targets));
  return { ...options, examplesPerStep, layouts: { ...options.layouts, textEncoder } };
}

/** A row with one made-up example. */
export function tinyRow(model: DiffusionModel, name: string): TrainingRow {
  return { stream: [name], examples: [tinyExample(model, name)] };
}

/** Made-up latents and prompt embeds, different for each name, and a prompt with the name. */
export function tinyExample(model: DiffusionModel, name: string, cropCount = 1): TrainingExample {
  const rng = randomStream("tiny row", name);
  const crop = () => ({
    mean: rng.normals(16 * 8 * 8),
    std: rng.normals(16 * 8 * 8).map((value) => Math.abs(value) * 0.1),
  });
  return {
    crops: Array.from({ length: cropCount }, crop),
    promptEmbeds: rng.normals(model.tokenizer.maxLength * model.unet.config.crossAttentionDim),
    tokenIds: BigInt64Array.from(model.tokenizer.encode(`a photo of ${name}`), BigInt),
  };
}
