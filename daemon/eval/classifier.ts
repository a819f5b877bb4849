/** What an evaluation asks of a kind of classifier: how several are trained side by side, and how a trained one is asked. */
import type { Json } from "../base/hash.ts";
import type { Picture } from "../data/picture.ts";
import type { LrSchedule } from "../optim/lr-schedule.ts";
import type { TrainingState } from "../optim/training-state.ts";
import type { PixelSource } from "./pixel-batches.ts";
import {
  type BatchOptions,
  type BatchShares,
  batchesAhead,
  type ClassifierRow,
  type TrainingBatch,
} from "./training-batch.ts";

/** How a network wants its pictures. */
export type PictureForm = {
  readonly name: string;
  /** Pixels along each side of the pictures that it takes. */
  readonly side: number;
  /** The part of a picture that it is asked about, [side, side]. */
  readonly crop: (picture: Picture) => Picture;
  /** A cut picture as numbers, [3, side, side]. */
  readonly normalize: (picture: Picture) => Float32Array;
};

export type ClassifierKind = PictureForm & {
  /** All that shapes an answer beside pictures, seed and `TrainingLength`; a part of every task's id. */
  readonly identity: Json;
  /** Build the session of a trainer; release it. */
  readonly createTrainer: (length: TrainingLength, rows: number) => Promise<ClassifierTrainer>;
  /** Build the sessions of a judge that takes so many pictures at once; release it. */
  readonly createJudge: (batchSize: number) => Promise<ClassifierJudge>;
};

/** How long, how fast and with how many pictures of which kind in a step. */
export type TrainingLength = BatchShares & {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
};

/** A tenth of the steps warms up, as six of sixty epochs do in the papers' code. */
export function classifierSchedule({ steps, learningRate }: TrainingLength): LrSchedule {
  return { name: "cosine", learningRate, warmupSteps: Math.floor(steps / 10), steps };
}

/** The state after a step, and the loss of each classifier in it. */
export type ClassifierStep = { readonly state: TrainingState; readonly losses: Float32Array };

/** Trains `rows` classifiers in one batch; the state between steps is plain data, so that it can be saved. */
export type ClassifierTrainer = {
  readonly start: (rows: readonly ClassifierRow[]) => TrainingState;
  /** One step of every classifier, on pictures drawn from its row. */
  readonly step: (rows: readonly ClassifierRow[], state: TrainingState) => Promise<ClassifierStep>;
  /** The same on given pictures, a batch for each row. */
  readonly stepWith: StepWith;
  readonly release: () => Promise<void>;
};

type StepWith = (
  batches: readonly TrainingBatch[],
  rows: readonly ClassifierRow[],
  state: TrainingState,
) => Promise<ClassifierStep>;

/** Steps whose pictures are drawn: those of the next one while one computes. */
export function drawingSteps(options: BatchOptions, stepWith: StepWith): ClassifierTrainer["step"] {
  const ahead = batchesAhead(options);
  return async (rows, state) => {
    const running = stepWith(await ahead(rows, state.step), rows, state);
    ahead(rows, state.step + 1);
    return running;
  };
}

/** Asks trained classifiers. */
export type ClassifierJudge = {
  /**
   * Probabilities [classes] of every picture, for each classifier; a classifier is given as its row of
   * `TrainingState.parameters`. Each picture is read once, however many classifiers are asked.
   */
  readonly judge: (
    classifiers: readonly Float32Array[],
    pictures: readonly PixelSource[],
  ) => Promise<readonly (readonly Float32Array[])[]>;
  readonly release: () => Promise<void>;
};

/** The parameters of each classifier of a state, [parameterCount] each, copied. */
export function rowParameters(
  { parameters }: Pick<TrainingState, "parameters">,
  rows: number,
): readonly Float32Array[] {
  const size = parameters.length / rows;
  return Array.from({ length: rows }, (_, row) => parameters.slice(row * size, (row + 1) * size));
}
