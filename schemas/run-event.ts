/**
 * What a run tells while it goes on: one event per line in `.loft/events.jsonl` and, with `--json`, on standard output.
 * Types only. Paths are relative to the run folder; durations are seconds; `secondsLeft` is there once it is known.
 */

export type RunEvent = OwnEvent | EvaluationEvent;

/**
 * Something of an evaluation that is not part of the run itself: the run of another method, below the run folder, or the
 * training of classifiers, which are shown as the adapters that they are. Paths are relative to that run.
 */
export type EvaluationEvent = {
  readonly type: "evaluation";
  /** Whose images are made: the method, and the draw where it is of fewer photos; null for the classifiers. */
  readonly method: string | null;
  readonly event: OwnEvent;
};

/** An event of one run. */
export type OwnEvent =
  | RunStarted
  | AdapterGroupStarted
  | TrainingStep
  | AdapterFinished
  | ImagesFinished
  | TaskFailed
  | RunWarning
  | RunFinished
  | RunInterrupted;

/** Totals of the plan and how much of it earlier starts have already done. */
export type RunStarted = {
  readonly type: "run-started";
  readonly adapters: number;
  readonly images: number;
  readonly adaptersDone: number;
  readonly imagesDone: number;
  /** Training steps of one adapter, the mean where they differ; 0 when nothing is to be trained. */
  readonly steps: number;
  /** Where it runs, for people: "CPU, 2 cores". */
  readonly device: string;
  /** ONNX Runtime's execution provider: "cpu", "cuda", ... */
  readonly provider: string;
  /** What the plan expects, used for the time left until it is measured; adapter-steps are steps times adapters. */
  readonly secondsPerAdapterStep?: number;
  readonly secondsPerImage?: number;
  /** How many adapter-steps an image is worth in time: the measure until the first image is made. */
  readonly adapterStepsPerImage?: number;
  /** Where the run is part of an evaluation: one part a set of images, then the classifiers. */
  readonly evaluation?: EvaluationPart;
};

/** How many parts of an evaluation come before this one, and how many there are. */
export type EvaluationPart = { readonly part: number; readonly parts: number };

/**
 * Adapters that are trained together, one per row of the batch; `step` is where a checkpoint lets it go on, or where
 * others of their batch have stopped early.
 */
export type AdapterGroupStarted = {
  readonly type: "adapter-group-started";
  readonly group: string;
  readonly adapters: readonly string[];
  readonly step: number;
  readonly steps: number;
};

/** One step of a group: entry i of `losses` and `gradNorms` belongs to adapter i of the group. */
export type TrainingStep = {
  readonly type: "training-step";
  readonly group: string;
  /** Steps done, 1 ... steps. */
  readonly step: number;
  readonly steps: number;
  /** These two are NaN or infinite where training diverged, and null in JSON. */
  readonly losses: readonly (number | null)[];
  readonly gradNorms: readonly (number | null)[];
  readonly durationSeconds: number;
  readonly secondsLeft?: number;
};

export type AdapterFinished = {
  readonly type: "adapter-finished";
  readonly id: string;
  readonly className: string;
  readonly file: string;
  readonly finalLoss: number;
  /** Of a classifier: the work of all processes on it. Results hold no times, so that their bytes stay the same. */
  readonly seconds?: number;
  /** Steps done: fewer than the group's where training stopped early. */
  readonly steps?: number;
  readonly secondsLeft?: number;
};

export type ImagesFinished = {
  readonly type: "images-finished";
  readonly className: string;
  readonly files: readonly string[];
  readonly durationSeconds: number;
  readonly secondsLeft?: number;
};

/** A task that failed while `--keep-going` carries on with the others. */
export type TaskFailed = {
  readonly type: "task-failed";
  readonly id: string;
  readonly code: string;
  readonly what: string;
  readonly fix: string;
};

export type RunWarning = { readonly type: "warning"; readonly what: string; readonly fix?: string };

/** Counts of this start alone. */
export type RunFinished = {
  readonly type: "run-finished";
  readonly adapters: number;
  readonly images: number;
  readonly failed: number;
  readonly seconds: number;
};

/** Stopped by the user; the same command goes on from here. */
export type RunInterrupted = {
  readonly type: "run-interrupted";
  readonly adapters: number;
  readonly images: number;
  readonly seconds: number;
};
