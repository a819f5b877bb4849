/** Training a batch of adapters, one step at a time; the state between steps is plain data, so that it can be saved. */
import type { Adapter } from "../adapters/adapter-weights.ts";
import { type AdapterLayouts, adapterFromPacked, initialAdapter, packedSize } from "../adapters/packed-adapter.ts";
import { randomStream } from "../base/random.ts";
import { type DiffusionModel, latentShape } from "../diffusion/diffusion-model.ts";
import { drawLatents, type LatentDistribution } from "../diffusion/encode-photos.ts";
import { stackPromptEmbeds } from "../diffusion/encode-prompts.ts";
import { buildNoiseSchedule, type NoiseSchedule, signalAndNoise } from "../diffusion/noise-schedule.ts";
import { type Shape, sizeOf } from "../engine/graph/shape.ts";
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import { createRowSession } from "../engine/runtime/row-session.ts";
import type { Session } from "../engine/runtime/session.ts";
import { examplesOfStep } from "../optim/example-order.ts";
import { type LrSchedule, learningRateAt } from "../optim/lr-schedule.ts";
import { nextState, startingState, stateFeeds, stateOutputs, type TrainingState } from "../optim/training-state.ts";
import { type AdapterGraphOptions, adapterTrainingGraph, examplesAtOnce, promptsPerRow } from "./adapter-graph.ts";

export type TrainerOptions = AdapterGraphOptions & { readonly lrSchedule: LrSchedule };

/** A prompt as the trainer takes it. */
export type TrainingPrompt = {
  /** [tokens * width]; read only where the text encoder is not trained. */
  readonly promptEmbeds: Float32Array;
  /** [tokens]; read only where the text encoder is trained. */
  readonly tokenIds: BigInt64Array;
};

/** A photo with its prompt. */
export type TrainingExample = TrainingPrompt & {
  /** The latents of the photo's crops, at least one: a step draws one of them. */
  readonly crops: readonly LatentDistribution[];
};

/** One adapter to train. */
export type TrainingRow = {
  /** Names the row's random numbers; the same name gives the same adapter, in whatever batch. */
  readonly stream: readonly (string | number)[];
  /** At least one. Steps go through them in epochs, each in another order. */
  readonly examples: readonly TrainingExample[];
};

export type StepResult = {
  readonly state: TrainingState;
  /** Of each row; the norms are those before clipping. */
  readonly losses: Float32Array;
  readonly gradNorms: Float32Array;
  /** Drawn for each row, as shares of the training timesteps; the mean of several examples. */
  readonly timesteps: Float32Array;
  readonly learningRate: number;
};

/** What one step is fed for one example, beside the state. */
export type StepDraw = {
  readonly prompt: TrainingPrompt;
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
  /** One step of every row with given draws: `examplesPerStep` of the first row, then those of the next. */
  readonly stepWith: (
    draws: readonly StepDraw[],
    state: TrainingState,
  ) => Promise<StepResult & { readonly gradient: Float32Array }>;
  /** The rows' adapters as they are now. */
  readonly adapters: (state: TrainingState) => Adapter[];
  readonly release: () => Promise<void>;
};

/** Build the session of a trainer; release it. */
export async function createTrainer(model: DiffusionModel, options: TrainerOptions): Promise<Trainer> {
  const { rows, layouts, alpha, lrSchedule } = options;
  const schedule = buildNoiseSchedule(model.scheduler);
  const session = await createRowSession(
    rows,
    (some) => adapterTrainingGraph(model, { ...options, rows: some }),
    model.session,
  );
  const size = packedSize(layouts);
  const take = async (draws: readonly StepDraw[], state: TrainingState, outputs?: readonly string[]) => {
    const fixed = stateFeeds(state, rows, options);
    const parts = partsOfStep(draws, options).map((some) => ({
      ...drawFeeds(model, options, schedule, some),
      ...promptFeeds(model, options, some),
    }));
    const results = await runParts(session, { fixed, parts, shape: [rows, size] }, outputs);
    const timesteps = meanTimesteps(draws, options, model.scheduler.numTrainTimesteps);
    return { ...stepResult(results, state.step + 1, learningRateAt(lrSchedule, state.step)), timesteps, results };
  };
  const drawAhead = drawingAhead(model, options.examplesPerStep);
  return {
    options,
    start: (batch) => freshState(layouts, batch),
    step: async (batch, state) => {
      const running = take(drawAhead(batch, state.step), state, stepOutputs);
      drawAhead(batch, state.step + 1);
      const { results: _, ...result } = await running;
      return result;
    },
    stepWith: async (draws, state) => {
      const { results, ...result } = await take(draws, state);
      return { ...result, gradient: results.gradient!.data as Float32Array };
    },
    adapters: ({ parameters }) =>
      Array.from({ length: rows }, (_, row) =>
        adapterFromPacked(layouts, alpha, parameters.subarray(row * size, (row + 1) * size)),
      ),
    release: () => session.release(),
  };
}

/** What a step reads; the gradient is as large as the parameters and seldom wanted. */
const stepOutputs = [...stateOutputs, "losses", "gradNorms"];

function stepResult(
  results: Readonly<Record<string, HostTensor>>,
  step: number,
  learningRate: number,
): Omit<StepResult, "timesteps"> {
  const data = (name: string) => results[name]!.data as Float32Array;
  return {
    state: nextState(results, step),
    losses: data("losses"),
    gradNorms: data("gradNorms"),
    learningRate,
  };
}

function meanTimesteps(
  draws: readonly StepDraw[],
  { rows, examplesPerStep }: TrainerOptions,
  all: number,
): Float32Array {
  const means = new Float32Array(rows);
  for (const [index, { timestep }] of draws.entries()) {
    const row = Math.floor(index / examplesPerStep);
    means[row] = means[row]! + timestep / all / examplesPerStep;
  }
  return means;
}

/** The draws of each run of a step: as many of every row. */
function partsOfStep(draws: readonly StepDraw[], options: TrainerOptions): readonly (readonly StepDraw[])[] {
  const { examplesPerStep } = options;
  const count = examplesAtOnce(options);
  const isOf = (part: number) => (_: StepDraw, index: number) => Math.floor((index % examplesPerStep) / count) === part;
  return Array.from({ length: examplesPerStep / count }, (_, part) => draws.filter(isOf(part)));
}

type Feeds = Readonly<Record<string, HostTensor>>;

/** Run the parts of a step one after the other, summing up gradients; the last one's results are the step's. */
async function runParts(
  session: Session,
  { fixed, parts, shape }: { readonly fixed: Feeds; readonly parts: readonly Feeds[]; readonly shape: Shape },
  outputs: readonly string[] | undefined,
): Promise<Record<string, HostTensor>> {
  const last = parts.at(-1)!;
  if (parts.length === 1) return session.run({ ...fixed, ...last }, outputs);
  let gradientSoFar = float32(new Float32Array(sizeOf(shape)), shape);
  const losses = new Float32Array(shape[0]!);
  const addLosses = (part: HostTensor) => {
    for (const row of losses.keys()) losses[row] = losses[row]! + (part.data as Float32Array)[row]! / parts.length;
  };
  for (const part of parts.slice(0, -1)) {
    const results = await session.run({ ...fixed, ...part, gradientSoFar }, ["gradient", "losses"]);
    gradientSoFar = results.gradient!;
    addLosses(results.losses!);
  }
  const results = await session.run({ ...fixed, ...last, gradientSoFar }, outputs);
  addLosses(results.losses!);
  return { ...results, losses: float32(losses, [shape[0]!]) };
}

/** The draws of a step; those drawn last are kept, so that the next step's can be drawn while a step runs. */
function drawingAhead(model: DiffusionModel, count: number) {
  let kept: { readonly rows: readonly TrainingRow[]; readonly step: number; readonly draws: StepDraw[] } | undefined;
  return (rows: readonly TrainingRow[], step: number): StepDraw[] => {
    if (kept?.rows !== rows || kept.step !== step) {
      kept = { rows, step, draws: rows.flatMap((row) => drawStep(model, row, { step, count })) };
    }
    return kept.draws;
  };
}

function freshState(layouts: AdapterLayouts, rows: readonly TrainingRow[]): TrainingState {
  // The stream of the U-Net has no name of its own, so that adapters of the U-Net alone stay what they were.
  const names = { unet: ["start"], textEncoder: ["start", "text encoder"] } as const;
  const starts = rows.map(({ stream }) =>
    initialAdapter(layouts, (network) => randomStream(...stream, ...names[network])),
  );
  return startingState(concatenated(starts));
}

/** Examples, crops, timesteps, latents and noise of a row's step; they depend on nothing but the row and the step. */
function drawStep(
  model: DiffusionModel,
  { stream, examples }: TrainingRow,
  taken: { readonly step: number; readonly count: number },
): StepDraw[] {
  const rng = randomStream(...stream, "step", taken.step);
  return examplesOfStep(stream, examples.length, taken).map(({ position, example }) => {
    const prompt = examples[example]!;
    const photo = drawCrop(stream, prompt.crops, position);
    const timestep = rng.integer(model.scheduler.numTrainTimesteps);
    const latents = drawLatents(photo, rng.normals(photo.mean.length), model.vae.config.scalingFactor);
    return { prompt, timestep, latents, noise: rng.normals(photo.mean.length) };
  });
}

function drawCrop(
  stream: readonly (string | number)[],
  crops: readonly LatentDistribution[],
  position: number,
): LatentDistribution {
  const [first] = crops;
  return crops.length === 1 ? first! : crops[randomStream(...stream, "crop", position).integer(crops.length)]!;
}

function drawFeeds(
  model: DiffusionModel,
  { resolution }: TrainerOptions,
  schedule: NoiseSchedule,
  draws: readonly StepDraw[],
): Record<string, HostTensor> {
  const batch = draws.length;
  const shape = [batch, ...latentShape(model, resolution)];
  const scales = draws.map(({ timestep }) => signalAndNoise(schedule, timestep));
  const scale = (values: readonly number[]) => float32(Float32Array.from(values), [batch, 1, 1, 1]);
  return {
    latents: float32(concatenated(draws.map(({ latents }) => latents)), shape),
    noise: float32(concatenated(draws.map(({ noise }) => noise)), shape),
    signalScale: scale(scales.map(({ signal }) => signal)),
    noiseScale: scale(scales.map(({ noise }) => noise)),
    timesteps: float32(
      Float32Array.from(draws, ({ timestep }) => timestep),
      [batch],
    ),
  };
}

function promptFeeds(
  model: DiffusionModel,
  options: TrainerOptions,
  draws: readonly StepDraw[],
): Record<string, HostTensor> {
  const every = examplesAtOnce(options) / promptsPerRow(options);
  const prompts = draws.filter((_, index) => index % every === 0).map(({ prompt }) => prompt);
  if (options.layouts.textEncoder === undefined) {
    const embeds = prompts.map(({ promptEmbeds }) => promptEmbeds);
    return { promptEmbeds: stackPromptEmbeds(model, embeds) };
  }
  const data = BigInt64Array.from(prompts.flatMap(({ tokenIds }) => [...tokenIds]));
  return { tokenIds: { dtype: "i64", shape: [prompts.length, model.tokenizer.maxLength], data } };
}
