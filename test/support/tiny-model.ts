/** The smallest real model: the reference case's, in diffusers layout, with random weights. */

import { loraLayout } from "../../daemon/adapters/lora.ts";
import { findTargetModules } from "../../daemon/adapters/targets.ts";
import { randomStream } from "../../daemon/base/random.ts";
import { type DiffusionModel, loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import type { TrainerOptions, TrainingRow } from "../../daemon/training/trainer.ts";
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
    layout: loraLayout(2, findTargetModules(model.unet.file.tensors, ["to_q", "to_k", "to_v", "to_out.0"])),
    alpha: 2,
    resolution: tinyResolution,
    adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    maxGradNorm: 1,
    lrSchedule: { name: "cosine", learningRate: 1e-2, warmupSteps: 1, steps },
  };
}

/** A row with made-up latents and prompt embeds, different for each name. */
export function tinyRow(model: DiffusionModel, name: string): TrainingRow {
  const rng = randomStream("tiny row", name);
  const { maxLength } = model.tokenizer;
  return {
    stream: [name],
    photo: { mean: rng.normals(16 * 8 * 8), std: rng.normals(16 * 8 * 8).map((value) => Math.abs(value) * 0.1) },
    promptEmbeds: rng.normals(maxLength * model.unet.config.crossAttentionDim),
  };
}
