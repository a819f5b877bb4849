/** From noise to pictures: the denoising loop and the decoder, each image with its own prompt and its own fusion. */

import type { LoraLayout } from "../adapters/lora.ts";
import { loftError } from "../base/errors.ts";
import { type DiffusionModel, latentShape, latentSize } from "../diffusion/diffusion-model.ts";
import { stackPromptEmbeds } from "../diffusion/encode-prompts.ts";
import { initialState, type Scheduler } from "../diffusion/schedulers/scheduler.ts";
import { decodeLatents } from "../diffusion/vae.ts";
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { createSession, type Session } from "../engine/runtime/session.ts";
import { fileWeights } from "../nn/weights.ts";
import { guidedPrediction } from "./guidance.ts";

export type SamplerOptions = {
  /** Images sampled at once. */
  readonly rows: number;
  readonly resolution: number;
  /** 1 leaves the negative prompt out. */
  readonly guidanceScale: number;
  /** Layout of the packed fusions; undefined samples the base model. */
  readonly layout: LoraLayout | undefined;
};

/** One image to sample. */
export type SamplingRow = {
  /** Standard normal, [channels * side * side]. */
  readonly noise: Float32Array;
  /** [tokens * width] */
  readonly promptEmbeds: Float32Array;
  readonly negativeEmbeds: Float32Array;
  /** Packed by the sampler's layout; undefined without one. */
  readonly fusion: Float32Array | undefined;
};

/** Sessions for one shape of batch; release it. */
export type Sampler = {
  /**
   * Latents of each row after the last step.
   * @param onStep called after each step with the latents of all rows
   * @throws LoftError "interrupted" when `signal` is aborted between two steps
   */
  readonly denoise: (
    rows: readonly SamplingRow[],
    scheduler: Scheduler,
    control?: { readonly onStep?: (latents: Float32Array) => void; readonly signal?: AbortSignal },
  ) => Promise<Float32Array[]>;
  /**
   * Latents of one image to its picture [3, resolution, resolution], about -1 to 1.
   * @throws LoftError "not-finite"; asked here, so that one bad row of a batch spoils no other
   */
  readonly decode: (latents: Float32Array) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
};

/** Build the sessions of a sampler. */
export async function createSampler(model: DiffusionModel, options: SamplerOptions): Promise<Sampler> {
  const guided = options.guidanceScale !== 1;
  const prediction = guidedPrediction(model, { ...options, guided });
  const denoiser = await createSession({ prediction }, model.session);
  const shape = [1, ...latentShape(model, options.resolution)];
  const picture = decodeLatents(fileWeights(model.vae.file), model.vae.config, input("latents", shape));
  const decoder = await createSession({ picture }, model.session).catch(async (error: unknown) => {
    await denoiser.release();
    throw error;
  });
  const { scalingFactor } = model.vae.config;
  return {
    denoise: (rows, scheduler, control = {}) => denoise(model, options, denoiser, { rows, scheduler, ...control }),
    decode: async (latents) => {
      if (!latents.every(Number.isFinite)) throw notFinite();
      const results = await decoder.run({
        latents: float32(
          latents.map((value) => value / scalingFactor),
          shape,
        ),
      });
      return results.picture!.data as Float32Array;
    },
    release: async () => {
      await denoiser.release();
      await decoder.release();
    },
  };
}

type Batch = {
  readonly rows: readonly SamplingRow[];
  readonly scheduler: Scheduler;
  readonly onStep?: (latents: Float32Array) => void;
  readonly signal?: AbortSignal;
};

async function denoise(
  model: DiffusionModel,
  options: SamplerOptions,
  denoiser: Session,
  { rows, scheduler, onStep, signal }: Batch,
): Promise<Float32Array[]> {
  const size = latentSize(model, options.resolution);
  const shape = [options.rows, ...latentShape(model, options.resolution)];
  const fixed = fixedFeeds(model, options, rows);
  let latents: Float32Array = concatenated(rows.map(({ noise }) => noise)).map(
    (value) => value * scheduler.initNoiseSigma,
  );
  let state = initialState;
  for (const [stepIndex, timestep] of scheduler.timesteps.entries()) {
    if (signal?.aborted) throw interrupted();
    const timesteps = float32(new Float32Array(options.rows).fill(timestep), [options.rows]);
    const scale = scheduler.inputScales[stepIndex] as number;
    const scaled = scale === 1 ? latents : latents.map((value) => value * scale);
    const { prediction } = await denoiser.run({ ...fixed, timesteps, latents: float32(scaled, shape) });
    const next = scheduler.step(state, stepIndex, prediction!.data as Float32Array, latents);
    ({ state } = next);
    latents = next.sample;
    onStep?.(latents);
  }
  return rows.map((_, row) => latents.slice(row * size, (row + 1) * size));
}

/** Feeds that stay the same over all steps. */
function fixedFeeds(
  model: DiffusionModel,
  options: SamplerOptions,
  rows: readonly SamplingRow[],
): Record<string, HostTensor> {
  const { layout, guidanceScale } = options;
  const fusions = rows.flatMap(({ fusion }) => (fusion === undefined ? [] : [fusion]));
  return {
    promptEmbeds: stackPromptEmbeds(
      model,
      rows.map(({ promptEmbeds }) => promptEmbeds),
    ),
    negativeEmbeds: stackPromptEmbeds(
      model,
      rows.map(({ negativeEmbeds }) => negativeEmbeds),
    ),
    guidanceScale: float32(Float32Array.of(guidanceScale), []),
    ...(layout === undefined ? {} : { fusions: float32(concatenated(fusions), [options.rows, layout.parameterCount]) }),
  };
}

function interrupted() {
  return loftError("interrupted", {
    what: "Sampling was interrupted.",
    fix: "Run the same command again: it goes on.",
  });
}

function notFinite() {
  return loftError("not-finite", {
    what: "Latents became NaN or infinite while sampling.",
    fix: "Lower sampling.guidanceScale, or train the adapters with a lower training.learningRate.",
  });
}
