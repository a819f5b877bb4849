/**
 * How much memory the parts of a run take at most: from their graphs, without loading or computing anything. What no
 * graph tells was measured with onnxruntime-node 1.30 on Linux; `node test/bench/forecast-accuracy.mjs` compares.
 */
import { type DiffusionModel, latentShape } from "../diffusion/diffusion-model.ts";
import { decodeLatents, encodeImage } from "../diffusion/vae.ts";
import { vaeTiles } from "../diffusion/vae-tiling.ts";
import { peakBytes } from "../engine/graph/memory.ts";
import { sizeOf } from "../engine/graph/shape.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { nodesOf } from "../engine/graph/walk.ts";
import { isLargeModel } from "../engine/onnx/to-model.ts";
import { partCount } from "../engine/runtime/row-session.ts";
import { fileWeights } from "../nn/weights.ts";
import { type AdapterTask, sharesPrompt } from "../pipeline/plan.ts";
import { guidedPrediction } from "../sampling/guidance.ts";
import { denoiserKinds, type SamplerOptions } from "../sampling/sampler.ts";
import { type AdapterGraphOptions, adapterTrainingGraph } from "../training/adapter-graph.ts";
import { adapterLayouts } from "./adapter-layouts.ts";
import { imageLayouts } from "./image-fusion.ts";
import type { PreparedJob } from "./prepare-job.ts";

/** Node.js with LoFT, the runtime's and sharp's code, and what JavaScript holds of a run or has not yet thrown away. */
const baseBytes = 240 * 2 ** 20;

/** What ONNX Runtime keeps of each operation of ours: its nodes, kernels and names. */
const bytesPerOperation = 15 * 2 ** 10;

/** Each use of a weight in a model that is not large: the copy, and the layout that suits the operation. */
const copiesPerUse = 1.5;

/** The runtime's arena is not full, holes between values included, and layouts are converted. */
const arenaSlack = 1.35;

/** Resident memory of a process that trains adapters: of the encoder or the trainer, which are not there together. */
export function trainingBytes(model: DiffusionModel, options: AdapterGraphOptions): number {
  const encoder = sessionBytes(model, photoEncoding(model, options.resolution));
  const trainer = sessionBytes(model, Object.values(adapterTrainingGraph(model, options)), options.rows);
  return baseBytes + Math.max(encoder, trainer);
}

/** Resident memory of a process that samples images: denoiser and decoder are there together. */
export function samplingBytes(model: DiffusionModel, options: SamplerOptions): number {
  const denoisers = denoiserKinds(options).map((guided) =>
    sessionBytes(model, [guidedPrediction(model, { ...options, guided })], options.rows),
  );
  return baseBytes + sum(denoisers) + sessionBytes(model, [pictureDecoding(model, options.resolution).value]);
}

/** What computes some values: weights and structure of each session, and activations at their highest. */
function sessionBytes({ session }: DiffusionModel, outputs: readonly Value[], rows = 1): number {
  const nodes = nodesOf(outputs);
  const operations = nodes.filter(({ kind }) => kind === "op").length;
  const isLarge = isLargeModel(nodes);
  const weights = isLarge ? storedBytes(outputs) : copiesPerUse * widenedBytesUsed(outputs);
  const parts = partCount(rows, { isLarge, weightBytes: storedBytes(outputs) }, session);
  const isCpu = session.provider === "cpu";
  const activations = peakBytes(outputs, { widenLate: isLarge && isCpu, ownAttention: isCpu });
  return parts * (weights + operations * bytesPerOperation) + arenaSlack * activations;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Weights as they lie in their files, which are mapped into memory. */
function storedBytes(outputs: readonly Value[]): number {
  return nodesOf(outputs).reduce((sum, node) => sum + (node.kind === "weight" ? node.byteLength : 0), 0);
}

/** Weights as f32, once for each operation that uses them. */
function widenedBytesUsed(outputs: readonly Value[]): number {
  return nodesOf(outputs)
    .flatMap((node) => (node.kind === "op" ? node.inputs : []))
    .reduce((sum, { node, shape }) => sum + (node.kind === "weight" ? 4 * sizeOf(shape) : 0), 0);
}

function photoEncoding({ vae }: DiffusionModel, resolution: number): readonly Value[] {
  const side = vaeTiles(vae.config, resolution)?.pixels ?? resolution;
  const { mean, logVariance } = encodeImage(fileWeights(vae.file), vae.config, input("image", [1, 3, side, side]));
  return [mean, logVariance];
}

/** The decoder of a picture, or of a tile of a large one, and the pixels of its side. */
export function pictureDecoding(
  model: DiffusionModel,
  resolution: number,
): { readonly value: Value; readonly side: number } {
  const { config, file } = model.vae;
  const side = vaeTiles(config, resolution)?.pixels ?? resolution;
  const latents = input("latents", [1, ...latentShape(model, side)]);
  return { value: decodeLatents(fileWeights(file), config, latents), side };
}

/** What a part of a plan asks for, and what it would ask for with another batch or resolution. */
export type MemoryDemand = {
  readonly part: "training" | "sampling";
  readonly rows: number;
  /** Pixels a side. */
  readonly resolution: number;
  readonly bytes: (rows: number, resolution: number) => number;
};

/** What forecasts are made of. */
export type PlannedWork = Pick<PreparedJob, "plan" | "model" | "extra" | "resolution">;

/** The demands of a plan; parts that it does not have are left out. */
export function memoryDemands(prepared: PlannedWork): readonly MemoryDemand[] {
  const { plan, model } = prepared;
  const { config } = prepared.resolution;
  const demands: MemoryDemand[] = [];
  const [adapter] = plan.adapters;
  const [image] = plan.images;
  if (adapter !== undefined) {
    demands.push({
      part: "training",
      rows: Math.min(config.training.batchSize, plan.adapters.length),
      resolution: adapter.parameters.resolution,
      bytes: (rows, resolution) =>
        trainingBytes(model.diffusion, graphOptions(model.diffusion, adapter, rows, resolution)),
    });
  }
  if (image !== undefined) {
    const { guidanceScale, guidanceInterval } = image.parameters;
    const layout = imageLayouts(prepared).unet;
    demands.push({
      part: "sampling",
      rows: Math.min(config.sampling.batchSize, plan.images.length),
      resolution: image.parameters.resolution,
      bytes: (rows, resolution) =>
        samplingBytes(model.diffusion, { rows, resolution, guidanceScale, guidanceInterval, layout }),
    });
  }
  return demands;
}

/** The graph that trains `rows` adapters like one of the plan. */
export function graphOptions(
  model: DiffusionModel,
  task: AdapterTask,
  rows: number,
  resolution: number,
): AdapterGraphOptions {
  const { parameters } = task;
  const { alpha, examplesPerStep, maxGradNorm } = parameters;
  const sharedPrompt = sharesPrompt(task);
  const layouts = adapterLayouts(model, parameters);
  return { rows, examplesPerStep, sharedPrompt, layouts, alpha, resolution, adamW: parameters, maxGradNorm };
}
