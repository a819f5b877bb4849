/** Training a batch of adapters, one step at a time; the state between steps is plain data, so that it can be saved. */
import type { AdapterWeights } from "../adapters/adapter-weights.ts";
import { initialLora, type LoraLayout, loraFromPacked } from "../adapters/lora.ts";
import { randomStream } from "../base/random.ts";
import { type DiffusionModel, latentShape } from "../diffusion/diffusion-model.ts";
import { drawLatents, type LatentDistribution } from "../diffusion/encode-photos.ts";
import { stackPromptEmbeds } from "../diffusion/encode-prompts.ts";
import { buildNoiseSchedule, type NoiseSchedule, signalAndNoise } from "../diffusion/noise-schedule.ts";
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import { createSession } from "../engine/runtime/session.ts";
import { biasCorrections } from "../optim/adamw.ts";
import { type LrSchedule, learningRateAt } from "../optim/lr-schedule.ts";
import { type AdapterGraphOptions, adapterTrainingGraph } from "./adapter-graph.ts";

export type TrainerOptions = AdapterGraphOptions & { readonly lrSchedule: LrSchedule };

/** One adapter to train. */
export type TrainingRow = {
  /** Names the row's random numbers; the same name gives the same adapter, in whatever batch. */
  readonly stream: readonly (string | number)[];
  readonly photo: LatentDistribution;
  /** [tokens * width] */
  readonly promptEmbeds: Float32Array;
};

/** Everything a training needs to go on; each array is [rows * parameterCount]. */
export type TrainingState = {
  /** Steps done. */
  readonly step: number;
  readonly parameters: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
};

export type StepResult = {
  readonly state: TrainingState;
  /** Of each row; the norms are those before clipping. */
  readonly losses: Float32Array;
  readonly gradNorms: Float32Array;
  readonly learningRate: number;
};

/** What one step is fed for one row, beside the state. */
export type StepDraw = {
  readonly latents: Float32Array;
  readonly noise: Float32Array;
  readonly timestep: number;
};

export type Trainer = {
  readonly options: TrainerOptions;
  /** Fresh adapters. */
  readonly start: (rows: readonly TrainingRow[]) => TrainingState;
  /** One step of every row with numbers drawn from the rows' streams. */
  readonly step: (rows: readonly TrainingRow[], state: TrainingState) => Promise<StepResult>;
  /** One step of every row with given draws. */
  readonly stepWith: (
    draws: readonly StepDraw[],
    promptEmbeds: readonly Float32Array[],
    state: TrainingState,
  ) => Promise<StepResult & { readonly gradient: Float32Array }>;
  /** The rows' adapters as they are now. */
  readonly adapters: (state: TrainingState) => AdapterWeights[];
  readonly release: () => Promise<void>;
};

/** Build the session of a trainer; release it. */
export async function createTrainer(model: DiffusionModel, options: TrainerOptions): Promise<Trainer> {
  const { rows, layout, alpha, lrSchedule, adamW } = options;
  const schedule = buildNoiseSchedule(model.scheduler);
  const session = await createSession(adapterTrainingGraph(model, options), model.session);
  const stepWith: Trainer["stepWith"] = async (draws, promptEmbeds, state) => {
    const learningRate = learningRateAt(lrSchedule, state.step);
    const results = await session.run({
      ...stateFeeds(state, options),
      ...drawFeeds(model, options, schedule, draws),
      promptEmbeds: stackPromptEmbeds(model, promptEmbeds),
      rates: repeatedRow([learningRate, ...biasCorrections(adamW, state.step + 1)], rows),
    });
    const data = (name: string) => results[name]!.data as Float32Array;
    return {
      state: {
        step: state.step + 1,
        parameters: data("nextParameters"),
        firstMoment: data("nextFirstMoment"),
        secondMoment: data("nextSecondMoment"),
      },
      losses: data("losses"),
      gradNorms: data("gradNorms"),
      gradient: data("gradient"),
      learningRate,
    };
  };
  return {
    options,
    start: (batch) => freshState(layout, batch),
    stepWith,
    step: (batch, state) =>
      stepWith(
        batch.map((row) => drawStep(model, row, state.step)),
        batch.map(({ promptEmbeds }) => promptEmbeds),
        state,
      ),
    adapters: ({ parameters }) =>
      Array.from({ length: rows }, (_, row) =>
        loraFromPacked(layout, alpha, parameters.slice(row * layout.parameterCount, (row + 1) * layout.parameterCount)),
      ),
    release: () => session.release(),
  };
}

function freshState(layout: LoraLayout, rows: readonly TrainingRow[]): TrainingState {
  const size = rows.length * layout.parameterCount;
  const parameters = new Float32Array(size);
  for (const [row, { stream }] of rows.entries()) {
    parameters.set(initialLora(layout, randomStream(...stream, "start")), row * layout.parameterCount);
  }
  return { step: 0, parameters, firstMoment: new Float32Array(size), secondMoment: new Float32Array(size) };
}

/** Timestep, latents and noise of a row's step; they depend on nothing but the row and the step. */
function drawStep(model: DiffusionModel, { stream, photo }: TrainingRow, step: number): StepDraw {
  const rng = randomStream(...stream, "step", step);
  const timestep = rng.integer(model.scheduler.numTrainTimesteps);
  const latents = drawLatents(photo, rng.normals(photo.mean.length), model.vae.config.scalingFactor);
  return { timestep, latents, noise: rng.normals(photo.mean.length) };
}

function stateFeeds(state: TrainingState, { rows, layout }: TrainerOptions): Record<string, HostTensor> {
  const shape = [rows, layout.parameterCount];
  return {
    parameters: float32(state.parameters, shape),
    firstMoment: float32(state.firstMoment, shape),
    secondMoment: float32(state.secondMoment, shape),
  };
}

function drawFeeds(
  model: DiffusionModel,
  { rows, resolution }: TrainerOptions,
  schedule: NoiseSchedule,
  draws: readonly StepDraw[],
): Record<string, HostTensor> {
  const shape = [rows, ...latentShape(model, resolution)];
  const scales = draws.map(({ timestep }) => signalAndNoise(schedule, timestep));
  const scale = (values: readonly number[]) => float32(Float32Array.from(values), [rows, 1, 1, 1]);
  return {
    latents: float32(concatenated(draws.map(({ latents }) => latents)), shape),
    noise: float32(concatenated(draws.map(({ noise }) => noise)), shape),
    signalScale: scale(scales.map(({ signal }) => signal)),
    noiseScale: scale(scales.map(({ noise }) => noise)),
    timesteps: float32(
      Float32Array.from(draws, ({ timestep }) => timestep),
      [rows],
    ),
  };
}

function repeatedRow(row: readonly number[], rows: number): HostTensor {
  return float32(Float32Array.from(Array(rows).fill(row).flat()), [rows, row.length]);
}
