/** What a plan will take: seconds from a short measurement on this machine, memory and disk from the plan's sizes. */
import { loraLayout } from "../adapters/lora.ts";
import { findTargetModules } from "../adapters/targets.ts";
import type { DiffusionModel } from "../diffusion/diffusion-model.ts";
import { peakBytes } from "../engine/graph/memory.ts";
import { sizeOf } from "../engine/graph/shape.ts";
import { float32, type HostTensor, int64 } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import { createSession } from "../engine/runtime/session.ts";
import type { AdapterTask, ImageTask } from "../pipeline/plan.ts";
import { guidedPrediction } from "../sampling/guidance.ts";
import { adapterTrainingGraph } from "../training/adapter-graph.ts";
import type { PreparedJob } from "./prepare-job.ts";

export type Forecast = {
  readonly secondsPerAdapterStep: number;
  readonly secondsPerImage: number;
  /** Seconds for everything in the plan, with nothing done yet. */
  readonly seconds: number;
  /** Resident memory at its highest. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
};

/** One training step of an adapter costs about as much as this many forward passes (`npm run bench` shows both). */
const forwardsPerTrainingStep = 2.6;

/** Node.js, the runtime's code and its buffers. */
const baseBytes = 180 * 2 ** 20;

/** Measure one forward pass of the U-Net at the plan's size, and work out the rest. */
export async function forecast({ plan, model, resolution }: PreparedJob): Promise<Forecast> {
  const { config } = resolution;
  const [adapter] = plan.adapters;
  const [image] = plan.images;
  if (adapter === undefined || image === undefined)
    throw new Error("a plan without adapters or images has no forecast");
  const rows = Math.min(config.training.batchSize, plan.adapters.length);
  const secondsPerForward = await measureForward(model.diffusion, rows, adapter.parameters.resolution);
  const secondsPerAdapterStep = secondsPerForward * forwardsPerTrainingStep;
  const secondsPerImage = secondsPerForward * forwardsPerImage(image);
  const adapterSteps = plan.adapters.reduce((sum, { parameters }) => sum + parameters.steps, 0);
  return {
    secondsPerAdapterStep,
    secondsPerImage,
    seconds: adapterSteps * secondsPerAdapterStep + plan.images.length * secondsPerImage,
    memoryBytes: baseBytes + weightBytes(model.diffusion) + activationBytes(model.diffusion, adapter, rows),
    diskBytes: plan.adapters.length * adapterBytes(model.diffusion, adapter) + plan.images.length * pngBytes(image),
  };
}

/** U-Net evaluations of one image; guidance doubles them. */
export function forwardsPerImage({ parameters }: ImageTask): number {
  return parameters.steps * (parameters.guidanceScale === 1 ? 1 : 2);
}

/** Adapter-steps that one image is worth in time: what progress goes by before the first image is made. */
export function adapterStepsPerImage(task: ImageTask): number {
  return forwardsPerImage(task) / forwardsPerTrainingStep;
}

/** Seconds of one forward pass for one row of a batch: the faster of two, after one to warm up. */
async function measureForward(model: DiffusionModel, rows: number, resolution: number): Promise<number> {
  const prediction = guidedPrediction(model, { rows, resolution, guided: false, layout: undefined });
  const session = await createSession({ prediction }, model.session);
  const feeds = Object.fromEntries(session.model.inputs.map((input) => [input.name, zeros(input)]));
  try {
    const times: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const started = performance.now();
      await session.run(feeds);
      times.push((performance.now() - started) / 1000);
    }
    return Math.min(...times.slice(1)) / rows;
  } finally {
    await session.release();
  }
}

function zeros({ shape, dtype }: Pick<Value, "shape" | "dtype">): HostTensor {
  const size = sizeOf(shape);
  return dtype === "i64" ? int64(Array(size).fill(0), shape) : float32(new Float32Array(size).fill(0.5), shape);
}

/** The U-Net's weights, once more as f32 where they are stored in 16 bits. */
function weightBytes({ unet }: DiffusionModel): number {
  const tensors = [...unet.file.tensors.values()];
  const stored = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const widened = tensors.reduce((sum, { dtype, shape }) => sum + (dtype === "F32" ? 0 : 4 * sizeOf(shape)), 0);
  return stored + widened;
}

function activationBytes(model: DiffusionModel, { parameters }: AdapterTask, rows: number): number {
  const { rank, alpha, targetModules, resolution, maxGradNorm } = parameters;
  const layout = loraLayout(rank, findTargetModules(model.unet.file.tensors, targetModules));
  const graph = adapterTrainingGraph(model, { rows, layout, alpha, resolution, maxGradNorm, adamW: parameters });
  return peakBytes(Object.values(graph));
}

function adapterBytes(model: DiffusionModel, { parameters }: AdapterTask): number {
  const layout = loraLayout(parameters.rank, findTargetModules(model.unet.file.tensors, parameters.targetModules));
  // Beside the weights a line of about 110 bytes a step.
  return 4 * layout.parameterCount + 110 * parameters.steps;
}

/** A PNG of a natural picture takes about 1.6 bytes a pixel; text chunks about 2,000. */
function pngBytes({ parameters }: ImageTask): number {
  return 1.6 * parameters.resolution ** 2 + 2000;
}
