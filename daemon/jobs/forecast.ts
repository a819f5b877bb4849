/** What a plan will take: seconds from a short measurement on this machine, memory and disk from the plan's sizes. */
import { packedSize } from "../adapters/packed-adapter.ts";
import { vaeStride } from "../diffusion/configs/vae-config.ts";
import type { DiffusionModel } from "../diffusion/diffusion-model.ts";
import { sizeOf } from "../engine/graph/shape.ts";
import { float32, type HostTensor, int64 } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import { multiplications } from "../engine/graph/work.ts";
import { machineMemory } from "../engine/runtime/machine-memory.ts";
import { createRowSession } from "../engine/runtime/row-session.ts";
import type { AdapterTask, ImageTask, Plan } from "../pipeline/plan.ts";
import { type GuidanceOptions, guidedPrediction } from "../sampling/guidance.ts";
import { adapterLayouts } from "./adapter-layouts.ts";
import { imageLayouts } from "./image-fusion.ts";
import { type MemoryDemand, memoryDemands, type PlannedWork, samplingBytes } from "./memory-forecast.ts";
import { plannedUnits } from "./work-forecast.ts";

/** Seconds are left out where nothing can be measured: not even one picture fits into this machine's memory. */
export type Forecast = {
  /** 0 where the plan has no adapters. */
  readonly secondsPerAdapterStep?: number;
  /** 0 where the plan has no images. */
  readonly secondsPerImage?: number;
  /** For everything in the plan, with nothing done yet. */
  readonly seconds?: number;
  /** Resident memory at its highest: the larger of its parts, which follow each other. */
  readonly memoryBytes: number;
  /** Of each part of the plan; absent where it has none. */
  readonly memoryByPart: { readonly training?: number; readonly sampling?: number };
  readonly diskBytes: number;
};

/** Rows of the forward pass that is measured: with more, a row takes no less time. */
const rowsMeasured = 8;

/** Multiplications of a pass that is measured: a row of Stable Diffusion at 512 pixels has 4e11. */
const mostMeasured = 5e11;

/**
 * Measure one forward pass of the U-Net at the plan's size, and work out the rest.
 * @param most multiplications: with more, and no rows to leave out, smaller pictures are measured
 */
export async function forecast(prepared: PlannedWork, most = mostMeasured): Promise<Forecast> {
  const { plan, model } = prepared;
  const demands = memoryDemands(prepared);
  const memoryByPart = Object.fromEntries(
    demands.map(({ part, rows, resolution, bytes }) => [part, bytes(rows, resolution)]),
  );
  return {
    ...(await timeForecast(prepared, demands[0], most)),
    memoryBytes: Math.max(0, ...Object.values(memoryByPart)),
    memoryByPart,
    diskBytes: diskBytes(model.diffusion, plan),
  };
}

async function timeForecast(
  prepared: PlannedWork,
  demand: MemoryDemand | undefined,
  most: number,
): Promise<Pick<Forecast, "secondsPerAdapterStep" | "secondsPerImage" | "seconds">> {
  const { adapters, images } = prepared.plan;
  const perForward = demand === undefined ? 0 : await secondsPerForward(prepared, demand, most);
  if (perForward === undefined) return {};
  const units = plannedUnits(prepared);
  const adapterSteps = adapters.reduce((sum, { parameters }) => sum + parameters.steps, 0);
  const [secondsPerAdapterStep, secondsPerImage] = [perForward * units.adapterStep, perForward * units.image];
  const seconds = adapterSteps * secondsPerAdapterStep + images.length * secondsPerImage;
  return { secondsPerAdapterStep, secondsPerImage, seconds };
}

/**
 * Seconds of one forward pass for one row of a batch, with as many rows as fit; undefined where not even one does.
 * Pictures that would take minutes are measured at half their size, or a quarter, and their work counted.
 */
async function secondsPerForward(
  prepared: PlannedWork,
  { rows, resolution }: MemoryDemand,
  most: number,
): Promise<number | undefined> {
  const model = prepared.model.diffusion;
  const layout = imageLayouts(prepared).unet;
  const available = machineMemory();
  const optionsOf = (count: number, side: number) => ({ rows: count, resolution: side, guidanceScale: 1, layout });
  if (available < samplingBytes(model, optionsOf(1, resolution))) return undefined;
  const workOf = (side: number) => multiplications([guidedPrediction(model, { ...optionsOf(1, side), guided: false })]);
  const whole = workOf(resolution);
  const stride = vaeStride(model.vae.config);
  let [side, work] = [resolution, whole];
  while (8 * stride < side && most < work) {
    side = stride * Math.floor(side / 2 / stride);
    work = workOf(side);
  }
  let count = Math.min(rows, rowsMeasured);
  const fits = () => samplingBytes(model, optionsOf(count, side)) <= available && count * work <= most;
  while (1 < count && !fits()) count = Math.floor(count / 2);
  return (whole / work) * (await measureForward(model, { ...optionsOf(count, side), guided: false }));
}

/** The faster of two passes, after one to warm up; of passes that take seconds the second is taken. */
async function measureForward(model: DiffusionModel, options: GuidanceOptions): Promise<number> {
  const build = (rows: number) => ({ prediction: guidedPrediction(model, { ...options, rows }) });
  const session = await createRowSession(options.rows, build, model.session);
  try {
    const times: number[] = [];
    for (let run = 0; run < 2 || (run < 3 && times[0]! < 1); run += 1) {
      const feeds = Object.fromEntries(session.model.inputs.map((input) => [input.name, zeros(input)]));
      const started = performance.now();
      await session.run(feeds);
      times.push((performance.now() - started) / 1000);
    }
    return Math.min(...times.slice(1)) / options.rows;
  } finally {
    await session.release();
  }
}

function zeros({ shape, dtype }: Pick<Value, "shape" | "dtype">): HostTensor {
  const size = sizeOf(shape);
  return dtype === "i64" ? int64(Array(size).fill(0), shape) : float32(new Float32Array(size).fill(0.5), shape);
}

function diskBytes(model: DiffusionModel, { adapters, images }: Plan): number {
  const adapter = adapters[0] === undefined ? 0 : adapterBytes(model, adapters[0]);
  const image = images[0] === undefined ? 0 : pngBytes(images[0]);
  return adapters.length * adapter + images.length * image;
}

/** Beside the weights a line of about 110 bytes a step. */
function adapterBytes(model: DiffusionModel, { parameters }: AdapterTask): number {
  return 4 * packedSize(adapterLayouts(model, parameters)) + 110 * parameters.steps;
}

/** A PNG of a natural picture takes about 1.6 bytes a pixel; text chunks about 2,000. */
function pngBytes({ parameters }: ImageTask): number {
  return 1.6 * parameters.resolution ** 2 + 2000;
}
