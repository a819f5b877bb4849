/** From noise to pictures: the denoising loop and the decoder, each image with its own prompt and its own fusion. */

import type { LoraLayout } from "../adapters/lora.ts";
import { loftError } from "../base/errors.ts";
import { createLatentDecoder } from "../diffusion/decode-latents.ts";
import { type DiffusionModel, latentShape, latentSize } from "../diffusion/diffusion-model.ts";
import { stackPromptEmbeds } from "../diffusion/encode-prompts.ts";
import { initialState, type Scheduler } from "../diffusion/schedulers/scheduler.ts";
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import { createRowSession } from "../engine/runtime/row-session.ts";
import { createSession, type Session } from "../engine/runtime/session.ts";
import { guidedStep, promptProjections } from "./guidance.ts";

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
  const graph = { ...options, guided: options.guidanceScale !== 1 };
  const made: { readonly release: () => Promise<void> }[] = [];
  const release = async () => {
    for (const each of made.splice(0)) await each.release();
  };
  const keep = async <Made extends (typeof made)[number]>(making: Promise<Made>): Promise<Made> => {
    made.push(await making);
    return making;
  };
  try {
    const projector = await keep(createSession(promptProjections(model, { ...graph, rows: 1 }), model.session));
    const step = (rows: number) => ({ prediction: guidedStep(model, { ...graph, rows }) });
    const denoiser = await keep(createRowSession(options.rows, step, model.session));
    const decoder = await keep(createLatentDecoder(model, options.resolution));
    return {
      denoise: async (rows, scheduler, control = {}) => {
        await denoiser.hold(await fixedFeeds(model, options, rows, projector));
        return denoise(model, options, denoiser, { rows, scheduler, ...control });
      },
      decode: async (latents) => {
        if (!latents.every(Number.isFinite)) throw notFinite();
        return await decoder.decode(latents);
      },
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
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
  let latents: Float32Array = concatenated(rows.map(({ noise }) => noise)).map(
    (value) => value * scheduler.initNoiseSigma,
  );
  let state = initialState;
  for (const [stepIndex, timestep] of scheduler.timesteps.entries()) {
    if (signal?.aborted) throw interrupted();
    const timesteps = float32(new Float32Array(options.rows).fill(timestep), [options.rows]);
    const scale = scheduler.inputScales[stepIndex] as number;
    const scaled = scale === 1 ? latents : latents.map((value) => value * scale);
    const { prediction } = await denoiser.run({ timesteps, latents: float32(scaled, shape) });
    const next = scheduler.step(state, stepIndex, prediction!.data as Float32Array, latents);
    ({ state } = next);
    latents = next.sample;
    onStep?.(latents);
  }
  return rows.map((_, row) => latents.slice(row * size, (row + 1) * size));
}

/** What stays the same over all steps: fusions, and what the U-Net makes of the prompts. */
async function fixedFeeds(
  model: DiffusionModel,
  { guidanceScale, layout }: SamplerOptions,
  rows: readonly SamplingRow[],
  projector: Session,
): Promise<Record<string, HostTensor>> {
  const fusions = rows.map(({ fusion }): Record<string, HostTensor> => {
    return fusion === undefined ? {} : { fusions: float32(fusion, [1, layout!.parameterCount]) };
  });
  const projections: Record<string, HostTensor>[] = [];
  for (const [index, { promptEmbeds, negativeEmbeds }] of rows.entries()) {
    const prompts = {
      promptEmbeds: stackPromptEmbeds(model, [promptEmbeds]),
      negativeEmbeds: stackPromptEmbeds(model, [negativeEmbeds]),
    };
    projections.push(await projector.run({ ...prompts, ...fusions[index] }));
  }
  return {
    ...stackedFeeds(projections),
    ...stackedFeeds(fusions),
    guidanceScale: float32(Float32Array.of(guidanceScale), []),
  };
}

/** Feeds of single rows, by name one below the other. */
function stackedFeeds(rows: readonly Readonly<Record<string, HostTensor>>[]): Record<string, HostTensor> {
  const stacked = Object.entries(rows[0]!).map(
    ([
      name,
      {
        shape: [length, ...rest],
      },
    ]) => {
      const data = concatenated(rows.map((row) => row[name]!.data as Float32Array));
      return [name, float32(data, [rows.length * length!, ...rest])] as const;
    },
  );
  return Object.fromEntries(stacked);
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
