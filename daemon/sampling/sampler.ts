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
import { type GuidanceOptions, guidedStep, promptProjections } from "./guidance.ts";

export type SamplerOptions = {
  /** Images sampled at once. */
  readonly rows: number;
  readonly resolution: number;
  /** 1 leaves the negative prompt out. */
  readonly guidanceScale: number;
  /**
   * Shares of the training timesteps, 0 to 1, between which there is guidance; undefined for everywhere. The others
   * leave the negative prompt out (Kynkäänniemi et al. 2024, eq. 4).
   */
  readonly guidanceInterval?: readonly [from: number, to: number] | undefined;
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

/** Which denoisers a sampler has: guided, unguided, or with an interval both. */
export function denoiserKinds({ guidanceScale, guidanceInterval }: SamplerOptions): readonly boolean[] {
  if (guidanceScale === 1) return [false];
  return guidanceInterval === undefined ? [true] : [true, false];
}

/** Build the sessions of a sampler. */
export async function createSampler(model: DiffusionModel, options: SamplerOptions): Promise<Sampler> {
  const [guided, ...others] = denoiserKinds(options) as [boolean, ...boolean[]];
  const made: { readonly release: () => Promise<void> }[] = [];
  const release = async () => {
    for (const each of made.splice(0)) await each.release();
  };
  const keep = async <Made extends (typeof made)[number]>(making: Promise<Made>): Promise<Made> => {
    made.push(await making);
    return making;
  };
  try {
    const projections = promptProjections(model, { ...options, guided, rows: 1 });
    const projector = await keep(createSession(projections, model.session));
    const main = await keep(createDenoiser(model, { ...options, guided }));
    const unguided = others.length === 0 ? undefined : await keep(createDenoiser(model, { ...options, guided: false }));
    const decoder = await keep(createLatentDecoder(model, options.resolution));
    return {
      denoise: async (rows, scheduler, control = {}) => {
        const projected = await projectPrompts(model, options, rows, projector);
        await main.hold(fixedFeeds(options, projected));
        await unguided?.hold(fixedFeeds(options, projected.map(positiveHalves)));
        const denoiserAt = (timestep: number) => (isGuided(model, options, timestep) ? main : (unguided ?? main));
        return denoise(model, options, denoiserAt, { rows, scheduler, ...control });
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

function createDenoiser(model: DiffusionModel, options: GuidanceOptions): Promise<Session> {
  const step = (rows: number) => ({ prediction: guidedStep(model, { ...options, rows }) });
  return createRowSession(options.rows, step, model.session);
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
  denoiserAt: (timestep: number) => Session,
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
    const { prediction } = await denoiserAt(timestep).run({ timesteps, latents: float32(scaled, shape) });
    const next = scheduler.step(state, stepIndex, prediction!.data as Float32Array, latents);
    ({ state } = next);
    latents = next.sample;
    onStep?.(latents);
  }
  return rows.map((_, row) => latents.slice(row * size, (row + 1) * size));
}

function isGuided(model: DiffusionModel, { guidanceInterval }: SamplerOptions, timestep: number): boolean {
  const [from, to] = guidanceInterval ?? [0, 1];
  const share = timestep / model.scheduler.numTrainTimesteps;
  return from <= share && share <= to;
}

/** A row's fusion, and what the U-Net makes of its prompts. */
type ProjectedRow = {
  readonly fusion: Readonly<Record<string, HostTensor>>;
  readonly projections: Readonly<Record<string, HostTensor>>;
};

async function projectPrompts(
  model: DiffusionModel,
  { layout }: SamplerOptions,
  rows: readonly SamplingRow[],
  projector: Session,
): Promise<ProjectedRow[]> {
  const projected: ProjectedRow[] = [];
  for (const { promptEmbeds, negativeEmbeds, fusion } of rows) {
    const prompts = {
      promptEmbeds: stackPromptEmbeds(model, [promptEmbeds]),
      negativeEmbeds: stackPromptEmbeds(model, [negativeEmbeds]),
    };
    const fusions: Record<string, HostTensor> =
      fusion === undefined ? {} : { fusions: float32(fusion, [1, layout!.parameterCount]) };
    projected.push({ fusion: fusions, projections: await projector.run({ ...prompts, ...fusions }) });
  }
  return projected;
}

/** Of the projections of both prompts, the negative one in front, those of the positive one. */
function positiveHalves({ fusion, projections }: ProjectedRow): ProjectedRow {
  const halves = Object.entries(projections).map(
    ([
      name,
      {
        shape: [length, ...rest],
        data,
      },
    ]) => {
      return [name, float32((data as Float32Array).slice(data.length / 2), [length! / 2, ...rest])] as const;
    },
  );
  return { fusion, projections: Object.fromEntries(halves) };
}

/** What stays the same over all steps. */
function fixedFeeds({ guidanceScale }: SamplerOptions, rows: readonly ProjectedRow[]): Record<string, HostTensor> {
  return {
    ...stackedFeeds(rows.map(({ projections }) => projections)),
    ...stackedFeeds(rows.map(({ fusion }) => fusion)),
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
