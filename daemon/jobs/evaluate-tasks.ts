/** Carries out the classifiers of an evaluation: trains the seeds of a cell together, judges them once, keeps answers. */
import type { AdapterFinished, RunEvent } from "../../schemas/run-event.ts";
import { type LoftError, loftError } from "../base/errors.ts";
import { type ClassifierJudge, rowParameters, type TrainingLength } from "../eval/classifier.ts";
import { accuracy } from "../eval/metrics.ts";
import type { ClassifierRow } from "../eval/training-batch.ts";
import type { TrainingState } from "../optim/training-state.ts";
import type { ClassifierSessions } from "./classifier-sessions.ts";
import {
  type Chosen,
  type ClassifierCheckpoint,
  readClassifierCheckpoint,
  removeClassifierCheckpoint,
  writeClassifierCheckpoint,
} from "./evaluate-checkpoint.ts";
import type { EvaluationPicture } from "./evaluate-pictures.ts";
import type { Cell, ClassifierTask } from "./evaluate-plan.ts";
import { kept, type TaskResult, writeTaskResult } from "./evaluate-task-files.ts";
import { interrupted } from "./job.ts";
import { judgedUntil, type PictureSources } from "./picture-sources.ts";

export type TrainingContext = {
  /** The folder of the evaluation; results lie in its `tasks`. */
  readonly folder: string;
  readonly sessions: ClassifierSessions;
  readonly length: TrainingLength;
  readonly sources: PictureSources;
  readonly runSeed: number;
  readonly test: readonly EvaluationPicture[];
  readonly validation: readonly EvaluationPicture[] | undefined;
  /** Seconds of training that a killed process may lose. */
  readonly checkpointSeconds: number;
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
};

/** Trainings side by side in one batch. Groups are the same whatever is done already, so that bytes are, too. */
const seedsAtOnce = 3;

/** Times at which a classifier is looked at on validation pictures. */
const looks = 10;

/** The tasks of a cell as they are trained together. */
export function taskGroups({ tasks }: Pick<Cell, "tasks">): readonly (readonly ClassifierTask[])[] {
  return Array.from({ length: Math.ceil(tasks.length / seedsAtOnce) }, (_, index) =>
    tasks.slice(index * seedsAtOnce, (index + 1) * seedsAtOnce),
  );
}

/** What became of a group: the answers of its classifiers, and why some have none, by the ids of their tasks. */
export type GroupOutcome = {
  readonly results: readonly TaskResult[];
  readonly lost: ReadonlyMap<string, LoftError>;
};

/**
 * Train the classifiers of a group, or go on where they were, and keep their answers. One whose numbers become NaN is
 * lost, and told as failed; the others know nothing of it.
 * @throws LoftError "interrupted", and what reading pictures and computing throws
 */
export async function trainGroup(
  context: TrainingContext,
  cell: Cell,
  tasks: readonly ClassifierTask[],
): Promise<GroupOutcome> {
  const { folder, sessions, sources, test, signal, emit } = context;
  const started = performance.now();
  const judge = await sessions.judge();
  const { best, losses, seconds, save } = await trained(context, { cell, tasks, judge, started });
  const rows = [...tasks.keys()].filter((row) => Number.isFinite(losses[row]));
  const judging = judge.judge(
    rows.map((row) => best[row]!.parameters),
    test.map(judgedUntil(signal, sources)),
  );
  const answers = await judging.catch(async (error) => {
    // What was trained is not trained again.
    if (signal.aborted) await save();
    throw error;
  });
  const spent = (seconds + (performance.now() - started) / 1000) / tasks.length;
  const answered = rows.flatMap((row, index): { row: number; result: TaskResult }[] => {
    const { step, validationAccuracy } = best[row]!;
    const probabilities = answers[index]!;
    if (!probabilities.every((each) => each.every(Number.isFinite))) return [];
    const { id } = tasks[row]!;
    return [
      { row, result: { formatVersion: 1, id, probabilities: probabilities.map(kept), validationAccuracy, step } },
    ];
  });
  const results = answered.map(({ result }) => result);
  for (const result of results) await writeTaskResult(folder, result);
  for (const { row, result } of answered)
    emit(finishedEvent(cell, result.id, { finalLoss: losses[row]!, seconds: spent }));
  const lost = lostOnes(cell, tasks, results);
  for (const [id, { code, what, fix }] of lost) emit({ type: "task-failed", id, code, what, fix });
  await removeClassifierCheckpoint(folder, tasks);
  return { results, lost };
}

type Group = {
  readonly cell: Cell;
  readonly tasks: readonly ClassifierTask[];
  readonly judge: ClassifierJudge;
  readonly started: number;
};

type Trained = {
  /** Of each row what validation chose: the earliest of the best; without validation the last. */
  readonly best: readonly Chosen[];
  /** Of the last step; NaN or infinite where a classifier is lost. */
  readonly losses: readonly number[];
  /** Of earlier processes. */
  readonly seconds: number;
  readonly save: () => Promise<void>;
};

async function trained(context: TrainingContext, group: Group): Promise<Trained> {
  const { sessions, length, folder, emit, signal } = context;
  const { cell, tasks, started } = group;
  const rows = rowsOf(context, tasks);
  const trainer = await sessions.trainer(rows.length);
  const saved = await readClassifierCheckpoint(folder, tasks);
  const seconds = saved?.seconds ?? 0;
  let { state, best, losses }: Omit<ClassifierCheckpoint, "seconds"> = saved ?? {
    ...{ state: trainer.start(rows), best: [], losses: [] },
  };
  const save = () => {
    const spent = seconds + (performance.now() - started) / 1000;
    return writeClassifierCheckpoint(folder, tasks, { state, best, losses, seconds: spent });
  };
  emit(startEvent(cell, tasks, { step: state.step, steps: length.steps }));
  let savedAt = performance.now();
  // What has become NaN stays it: there is nothing to wait for where all are lost.
  const isOver = () => length.steps <= state.step || (0 < state.step && !losses.some(Number.isFinite));
  while (!isOver()) {
    if (signal.aborted) {
      if (0 < state.step) await save();
      throw interrupted();
    }
    const stepStarted = performance.now();
    const result = await trainer.step(rows, state);
    ({ state } = result);
    losses = [...result.losses];
    const durationSeconds = (performance.now() - stepStarted) / 1000;
    emit(stepEvent(cell, { step: state.step, steps: length.steps, losses, durationSeconds }));
    if (isLook(context, state.step)) best = await lookedAt(context, group, { state, best });
    if (context.checkpointSeconds * 1000 <= performance.now() - savedAt) {
      await save();
      savedAt = performance.now();
    }
  }
  return { best, losses, seconds, save };
}

/** Why classifiers have no answer: the accuracy of one that is lost would look like any other. */
function lostOnes(
  { id: row }: Cell,
  tasks: readonly ClassifierTask[],
  results: readonly TaskResult[],
): GroupOutcome["lost"] {
  const lost = tasks.filter(({ id }) => !results.some((result) => result.id === id));
  const entries = lost.map(({ id, seed }) => [id, notFinite(row, seed)] as const);
  return new Map(entries);
}

function notFinite(row: string, seed: number): LoftError {
  return loftError("not-finite", {
    what: `The classifier ${row}, seed ${seed}, was lost in training: its numbers became NaN or infinite.`,
    fix: "Lower evaluation.learningRate.",
  });
}

function rowsOf({ runSeed, sources }: TrainingContext, tasks: readonly ClassifierTask[]): ClassifierRow[] {
  return tasks.map(({ seed, real, synthetic }) => ({
    stream: [runSeed, "classifier", seed],
    real: real.map(sources.trained),
    synthetic: synthetic.map(sources.trained),
  }));
}

function isLook({ length: { steps }, validation }: TrainingContext, step: number): boolean {
  return step === steps || (validation !== undefined && step % Math.ceil(steps / looks) === 0);
}

/** What validation chooses when it has seen this state, too. */
async function lookedAt(
  { validation, sources }: TrainingContext,
  { tasks, judge }: Group,
  { state, best }: { readonly state: TrainingState; readonly best: readonly Chosen[] },
): Promise<readonly Chosen[]> {
  const { step } = state;
  const rows = rowParameters(state, tasks.length);
  if (validation === undefined) return rows.map((parameters) => ({ parameters, step, validationAccuracy: null }));
  const answers = await judge.judge(rows, validation.map(sources.judged));
  return rows.map((parameters, row) => {
    const predictions = answers[row]!.map((each, index) => ({ probabilities: each, label: validation[index]!.label }));
    const validationAccuracy = accuracy(predictions);
    const before = best[row];
    const isBetter = before === undefined || before.validationAccuracy! < validationAccuracy;
    return isBetter ? { parameters, step, validationAccuracy } : before;
  });
}

type Steps = { readonly step: number; readonly steps: number };

/** Classifiers are shown as what they are: low-rank adapters in training. */
function startEvent({ id }: Cell, tasks: readonly ClassifierTask[], { step, steps }: Steps): RunEvent {
  return { type: "adapter-group-started", group: id, adapters: tasks.map((task) => task.id), step, steps };
}

function stepEvent({ id }: Cell, event: Steps & { losses: readonly number[]; durationSeconds: number }): RunEvent {
  return { type: "training-step", group: id, gradNorms: [], ...event };
}

function finishedEvent(cell: Cell, id: string, about: Pick<AdapterFinished, "finalLoss" | "seconds">): RunEvent {
  return { type: "adapter-finished", id, className: cell.id, file: `evaluation/tasks/${id}.json`, ...about };
}
