/** Carries out the classifiers of an evaluation: trains the seeds of a cell together, judges them once, keeps answers. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunEvent } from "../../schemas/run-event.ts";
import { writeJsonAtomic } from "../base/atomic-file.ts";
import { isRecord } from "../checkpoint/json-text.ts";
import type { EvaluationConfig } from "../config/resolve.ts";
import { readPicture } from "../data/image-file.ts";
import type { Picture } from "../data/picture.ts";
import {
  type ClassifierJudge,
  type ClassifierOptions,
  createClassifierJudge,
  createClassifierTrainer,
} from "../eval/classifier-trainer.ts";
import type { ClipModel } from "../eval/clip-model.ts";
import { processPicture } from "../eval/clip-processor.ts";
import { accuracy } from "../eval/metrics.ts";
import type { ClassifierRow } from "../eval/training-batch.ts";
import { type EvaluationPicture, readTrainingPicture } from "./evaluate-pictures.ts";
import type { Cell, ClassifierTask } from "./evaluate-plan.ts";
import { stopIfInterrupted } from "./job.ts";

/** What is kept of a classifier: its answers, one list of class probabilities per test picture. */
export type TaskResult = {
  readonly formatVersion: 1;
  readonly id: string;
  readonly probabilities: readonly (readonly number[])[];
  readonly validationAccuracy: number | null;
  /** Steps done when it was judged. */
  readonly step: number;
  readonly seconds: number;
};

export type TrainingContext = {
  /** The folder of the evaluation; results lie in its `tasks`. */
  readonly folder: string;
  readonly clip: ClipModel;
  readonly config: EvaluationConfig;
  readonly runSeed: number;
  readonly prompts: readonly string[];
  readonly test: readonly EvaluationPicture[];
  readonly validation: readonly EvaluationPicture[] | undefined;
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
};

/** Trainings side by side in one batch. Groups are the same whatever is done already, so that bytes are, too. */
const seedsAtOnce = 3;

/** Times at which a classifier is looked at on validation pictures. */
const looks = 10;

/** Pictures that are judged at once. */
export const judgedAtOnce = 16;

/** The recipe of the LoFT and DataDream classifiers. */
const recipe = {
  rank: 16,
  alpha: 32,
  dropout: 0.1,
  adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-4 },
  maxGradNorm: Number.POSITIVE_INFINITY,
  realShare: 0.8,
  mixShare: 0.2,
};

/** The tasks of a cell as they are trained together. */
export function taskGroups({ tasks }: Pick<Cell, "tasks">): readonly (readonly ClassifierTask[])[] {
  return Array.from({ length: Math.ceil(tasks.length / seedsAtOnce) }, (_, index) =>
    tasks.slice(index * seedsAtOnce, (index + 1) * seedsAtOnce),
  );
}

/** A kept answer; undefined where there is none that fits, which then is made again. */
export async function readTaskResult(folder: string, id: string, pictures: number): Promise<TaskResult | undefined> {
  const text = await readFile(taskFile(folder, id), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const fits = isRecord(value) && value.formatVersion === 1 && value.id === id && Array.isArray(value.probabilities);
    return fits && (value.probabilities as unknown[]).length === pictures ? (value as TaskResult) : undefined;
  } catch {
    return undefined;
  }
}

export async function writeTaskResult(folder: string, result: TaskResult): Promise<void> {
  await writeJsonAtomic(taskFile(folder, result.id), result);
}

function taskFile(folder: string, id: string): string {
  return join(folder, "tasks", `${id}.json`);
}

/**
 * Train the classifiers of a group and keep their answers.
 * @throws LoftError "interrupted", and what reading pictures and computing throws
 */
export async function trainGroup(
  context: TrainingContext,
  cell: Cell,
  tasks: readonly ClassifierTask[],
): Promise<readonly TaskResult[]> {
  const started = performance.now();
  const { clip, prompts, folder, test } = context;
  const rows = await rowsOf(context, tasks);
  const judge = await createClassifierJudge(clip, { prompts, ...recipe }, judgedAtOnce);
  try {
    const best = await trained(context, { cell, tasks, rows, judge });
    const pictures = await processed(clip, test);
    const results: TaskResult[] = [];
    for (const [row, { id }] of tasks.entries()) {
      const { parameters, step, validationAccuracy } = best[row]!;
      const probabilities = (await judge.judge(parameters, pictures)).map(kept);
      const seconds = (performance.now() - started) / 1000 / tasks.length;
      const result: TaskResult = { formatVersion: 1, id, probabilities, validationAccuracy, step, seconds };
      await writeTaskResult(folder, result);
      results.push(result);
    }
    return results;
  } finally {
    await judge.release();
  }
}

/** Seven digits say all that a float32 knows. */
export function kept(probabilities: Float32Array): readonly number[] {
  return Array.from(probabilities, (value) => Number(value.toPrecision(7)));
}

/** Pictures as the classifier is asked about them. */
export async function processed(clip: ClipModel, pictures: readonly EvaluationPicture[]): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const { file } of pictures) values.push(processPicture(clip.processor, await readPicture(file)));
  return values;
}

async function rowsOf({ clip, runSeed }: TrainingContext, tasks: readonly ClassifierTask[]): Promise<ClassifierRow[]> {
  const known = new Map<string, Picture>();
  const labeled = async (pictures: readonly EvaluationPicture[]) => {
    for (const { file } of pictures) {
      if (!known.has(file)) known.set(file, await readTrainingPicture(file, clip.config.vision.imageSize));
    }
    return pictures.map(({ file, label }) => ({ picture: known.get(file)!, label }));
  };
  const rows: ClassifierRow[] = [];
  for (const { seed, real, synthetic } of tasks) {
    rows.push({
      stream: [runSeed, "classifier", seed],
      real: await labeled(real),
      synthetic: await labeled(synthetic),
    });
  }
  return rows;
}

type Chosen = {
  readonly parameters: Float32Array;
  readonly step: number;
  readonly validationAccuracy: number | null;
};

type Group = {
  readonly cell: Cell;
  readonly tasks: readonly ClassifierTask[];
  readonly rows: readonly ClassifierRow[];
  readonly judge: ClassifierJudge;
};

/** The state of each row that validation chose: the earliest of the best; without validation the last. */
async function trained(context: TrainingContext, { cell, tasks, rows, judge }: Group): Promise<readonly Chosen[]> {
  const { clip, config, validation, emit } = context;
  const trainer = await createClassifierTrainer(clip, optionsOf(context, rows.length));
  try {
    const held = validation === undefined ? undefined : await processed(clip, validation);
    const best: (Chosen | undefined)[] = rows.map(() => undefined);
    let state = trainer.start(rows);
    let losses: Float32Array = new Float32Array(rows.length);
    emit({
      type: "adapter-group-started",
      group: cell.id,
      adapters: tasks.map(({ id }) => id),
      step: 0,
      steps: config.steps,
    });
    while (state.step < config.steps) {
      stopIfInterrupted(context);
      const started = performance.now();
      ({ state, losses } = await trainer.step(rows, state));
      const durationSeconds = (performance.now() - started) / 1000;
      emit(stepEvent(cell, { step: state.step, steps: config.steps, losses: [...losses], durationSeconds }));
      if (!isLook(state.step, config.steps, held !== undefined)) continue;
      for (const row of rows.keys()) {
        const parameters = state.parameters.slice(
          row * trainer.layout.parameterCount,
          (row + 1) * trainer.layout.parameterCount,
        );
        const validationAccuracy = held === undefined ? null : await accuracyOn(judge, parameters, held, validation!);
        const before = best[row]?.validationAccuracy ?? -1;
        if (validationAccuracy === null || before < validationAccuracy) {
          best[row] = { parameters, step: state.step, validationAccuracy };
        }
      }
    }
    for (const [row, { id }] of tasks.entries()) {
      const finalLoss = losses[row]!;
      emit({ type: "adapter-finished", id, className: cell.id, file: `evaluation/tasks/${id}.json`, finalLoss });
    }
    return best as Chosen[];
  } finally {
    await trainer.release();
  }
}

function isLook(step: number, steps: number, hasValidation: boolean): boolean {
  return step === steps || (hasValidation && step % Math.ceil(steps / looks) === 0);
}

async function accuracyOn(
  judge: ClassifierJudge,
  parameters: Float32Array,
  pictures: readonly Float32Array[],
  labels: readonly EvaluationPicture[],
): Promise<number> {
  const answers = await judge.judge(parameters, pictures);
  return accuracy(answers.map((probabilities, index) => ({ probabilities, label: labels[index]!.label })));
}

function stepEvent(
  { id }: Cell,
  event: { step: number; steps: number; losses: readonly number[]; durationSeconds: number },
): RunEvent {
  return { type: "training-step", group: id, gradNorms: [], ...event };
}

/** A tenth of the steps warms up, as six of sixty epochs do in the papers' code. */
function optionsOf({ config, prompts }: TrainingContext, rows: number): ClassifierOptions {
  const { steps, batchSize, learningRate } = config;
  const lrSchedule = { name: "cosine", learningRate, warmupSteps: Math.floor(steps / 10), steps } as const;
  return { ...recipe, rows, batchSize, prompts, lrSchedule };
}
