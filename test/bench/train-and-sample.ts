/** LoFT's own training and sampling, as pieces of work to time. */
import { loraLayout } from "../../daemon/adapters/lora.ts";
import { findTargetModules } from "../../daemon/adapters/targets.ts";
import { randomStream } from "../../daemon/base/random.ts";
import { type DiffusionModel, latentSize, loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { createScheduler } from "../../daemon/diffusion/schedulers/schedulers.ts";
import type { TrainingState } from "../../daemon/optim/training-state.ts";
import { createSampler } from "../../daemon/sampling/sampler.ts";
import { createTrainer, type TrainingRow } from "../../daemon/training/trainer.ts";
import { guidanceScale, type Job, rank, targetModules, type Work } from "./job.ts";

/** The bundled model with its adapters: read once a process. */
export function modelOf({ model, dedicated }: Job): Promise<DiffusionModel> {
  return loadDiffusionModel(model, { provider: "cpu", threads: 0, dedicated });
}

/** Packed adapters of `width` ranks. */
export function layoutOf(model: DiffusionModel, width: number) {
  return loraLayout(width, findTargetModules(model.unet.file.tensors, targetModules));
}

/** `count` adapters in one batch, each with its own photo; at least about 32 adapter-steps a turn. */
export async function training(job: Job): Promise<Work> {
  const model = await modelOf(job);
  const trainer = await createTrainer(model, {
    rows: job.count,
    examplesPerStep: 1,
    layouts: { unet: layoutOf(model, rank) },
    alpha: rank,
    resolution: job.resolution,
    adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    maxGradNorm: 1,
    lrSchedule: { name: "cosine", learningRate: 1e-3, warmupSteps: 10, steps: 1000 },
  });
  const size = latentSize(model, job.resolution);
  const rows = Array.from({ length: job.count }, (_, index): TrainingRow => {
    const mean = randomStream("photo", index).normals(size);
    const promptEmbeds = embedsOf(model, String(index));
    return {
      stream: [index],
      examples: [{ crops: [{ mean, std: new Float32Array(size) }], promptEmbeds, tokenIds: new BigInt64Array() }],
    };
  });
  let state: TrainingState = trainer.start(rows);
  const go = async (steps: number) => {
    for (let step = 0; step < steps; step += 1) ({ state } = await trainer.step(rows, state));
  };
  const steps = isSmall(model) ? Math.max(4, 32 / job.count) : 2;
  return {
    warmUp: () => go(1),
    run: async () => ({ perSecond: (steps * job.count) / (await seconds(() => go(steps))) }),
    end: () => trainer.release(),
  };
}

/** `count` images in one batch, each with its own pair of adapters. */
export async function sampling(job: Job): Promise<Work> {
  const model = await modelOf(job);
  const layout = layoutOf(model, 2 * rank);
  const sampler = await createSampler(model, { rows: job.count, resolution: job.resolution, guidanceScale, layout });
  const rows = Array.from({ length: job.count }, (_, index) => ({
    noise: randomStream("noise", index).normals(latentSize(model, job.resolution)),
    promptEmbeds: embedsOf(model, String(index)),
    negativeEmbeds: embedsOf(model, ""),
    fusion: randomStream("fusion", index)
      .normals(layout.parameterCount)
      .map((value) => value * 0.01),
  }));
  const go = async (steps: number) => {
    await sampler.denoise(rows, createScheduler(model.scheduler, undefined, steps));
  };
  return {
    warmUp: () => go(1),
    run: async () => ({ perSecond: job.count / (await seconds(() => go(job.steps))) }),
    end: () => sampler.release(),
  };
}

function embedsOf(model: DiffusionModel, name: string): Float32Array {
  return randomStream("embeds", name).normals(model.tokenizer.maxLength * model.unet.config.crossAttentionDim);
}

/** A turn of a large model would be minutes long. */
function isSmall({ unet: { file } }: DiffusionModel): boolean {
  return [...file.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0) < 2 ** 28;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
