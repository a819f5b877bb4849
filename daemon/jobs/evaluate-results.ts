/** From the answers of classifiers to the rows of the table: accuracies, spread, differences. Pure. */
import type { ResultRow, ResultRun } from "../../schemas/results.ts";
import type { MethodName } from "../config/preset.ts";
import { bootstrapDifferences, type PairedHits } from "../eval/bootstrap.ts";
import {
  accuracy,
  calibrationError,
  confusionMatrix,
  mean,
  type Prediction,
  perClassAccuracy,
  predictedClass,
  standardDeviation,
} from "../eval/metrics.ts";
import type { Cell, ClassifierTask } from "./evaluate-plan.ts";
import type { TaskResult } from "./evaluate-task-files.ts";

const confidence = 0.95;

export type Answers = ReadonlyMap<string, TaskResult>;

/** The id of the row that differences are measured from: one for all, or one for each row by its id. */
export type References = string | ReadonlyMap<string, string> | undefined;

export type RowOptions = {
  /** Of the test pictures. */
  readonly labels: readonly number[];
  readonly classes: number;
  readonly references: References;
  /** The tasks of classifiers that were lost in training. */
  readonly lost?: Pick<ReadonlySet<string>, "has">;
  /** Differences that were computed before, by their answers; the bootstrap takes longer than all the rest. */
  readonly known?: Map<string, ResultRow["difference"]>;
};

/** The rows of the table, as far as there are answers. */
export function resultRows(
  cells: readonly Cell[],
  answers: Answers,
  { labels, classes, references, lost = new Set(), known = new Map() }: RowOptions,
): readonly ResultRow[] {
  const differences = cellDifferences(cells, answers, { labels, references, known });
  return cells.map((cell) => {
    const found = answered(cell, answers);
    const predictions = found.map(({ result }) => predictionsOf(result, labels));
    const accuracies = predictions.map(accuracy);
    const confusion = confusionMatrix(predictions.flat(), classes);
    const { id, kind, method, shots, imagesPerClass, missing } = cell;
    return {
      ...{ id, title: titleOf(cell), kind, method, shots, imagesPerClass },
      ...ownFacts(cell, references),
      runs: found.map(({ task, result }, index) => runOf(task, result, accuracies[index]!)),
      missing: [...missing, ...unanswered(cell, answers, lost)],
      mean: found.length === 0 ? null : mean(accuracies),
      std: standardDeviation(accuracies) ?? null,
      perClass: found.length === 0 ? [] : perClassAccuracy(confusion),
      confusion,
      calibrationError: found.length === 0 ? null : mean(predictions.map((each) => calibrationError(each))),
      difference: differences.get(cell) ?? null,
    };
  });
}

/** Of each cell that has another one to be measured from. */
function cellDifferences(
  cells: readonly Cell[],
  answers: Answers,
  { labels, references, known }: Pick<RowOptions, "labels" | "references"> & Required<Pick<RowOptions, "known">>,
): ReadonlyMap<Cell, ResultRow["difference"]> {
  const pairs = cells.flatMap((cell) => {
    const base = cells.find(({ id }) => id === referenceOf(cell, references));
    if (base === undefined || cell === base) return [];
    const key = [cell, base].map((each) => answered(each, answers).map(({ task }) => task.id)).join(" and ");
    return [{ cell, base, key }];
  });
  const unknown = pairs.filter(({ key }) => !known.has(key));
  const judged = (cell: Cell) => judgedRow(cell, answers, labels);
  const found = differencesOf(unknown.map(({ cell, base }) => [{ own: judged(cell), base: judged(base) }]));
  for (const [index, { key }] of unknown.entries()) known.set(key, found[index]!);
  return new Map(pairs.map(({ cell, key }) => [cell, known.get(key)!]));
}

/**
 * The rows that differences are measured from unless the user picks one: the real photos alone, judged by the same
 * classifier and of as many shots, so that a difference is what the images add; without them the classifier's first row.
 */
export function usualReferences(cells: readonly Cell[]): References {
  const entries = cells.flatMap((cell) => {
    const own = cells.filter(({ classifier }) => classifier === cell.classifier);
    const real = own.filter(({ kind }) => kind === "real");
    const most = real.reduce<Cell | undefined>(
      (best, each) => (best && each.shots! <= best.shots! ? best : each),
      undefined,
    );
    const base = real.find(({ shots }) => shots === cell.shots) ?? most ?? own[0];
    return base === undefined ? [] : [[cell.id, base.id] as const];
  });
  const ids = new Set(entries.map(([, id]) => id));
  return ids.size < 2 ? [...ids][0] : new Map(entries);
}

function referenceOf({ id }: Pick<Cell, "id">, references: References): string | undefined {
  return references === undefined || typeof references === "string" ? references : references.get(id);
}

/** What a row says only where there are several classifiers, or several rows to measure from. */
function ownFacts(cell: Cell, references: References): Pick<ResultRow, "classifier" | "reference"> {
  return {
    ...(cell.classifier === null ? {} : { classifier: cell.classifier }),
    ...(typeof references === "object" ? { reference: referenceOf(cell, references) ?? null } : {}),
  };
}

const methodTitles: Readonly<Record<MethodName, string>> = {
  loft: "LoFT",
  "datadream-class": "DataDream (class)",
  "datadream-dataset": "DataDream (dataset)",
  "class-prompt": "ClassPrompt",
  "caption-prompt": "CaptionPrompt",
};

function titleOf(cell: Cell): string {
  return cell.classifier === null ? plainTitle(cell) : `${cell.classifier}: ${plainTitle(cell)}`;
}

function plainTitle({ kind, method }: Cell): string {
  if (kind === "zero-shot") return "CLIP zero-shot";
  if (method === null) return "Real photos only";
  return `${methodTitles[method]}${kind === "synthetic" ? "" : " + real"}`;
}

function answered({ tasks }: Cell, answers: Answers) {
  return tasks.flatMap((task) => {
    const result = answers.get(task.id);
    return result === undefined ? [] : [{ task, result }];
  });
}

function unanswered({ tasks }: Cell, answers: Answers, lost: NonNullable<RowOptions["lost"]>): ResultRow["missing"] {
  return tasks
    .filter(({ id }) => !answers.has(id))
    .map(({ id, seed }) => ({ seed, reason: lost.has(id) ? lostReason : "The evaluation has not come to it yet." }));
}

const lostReason = "Lost in training: its numbers became NaN or infinite. Lower evaluation.learningRate.";

function predictionsOf({ probabilities }: TaskResult, labels: readonly number[]): readonly Prediction[] {
  return probabilities.map((each, index) => ({ probabilities: each, label: labels[index]! }));
}

function runOf({ id, seed, real, synthetic }: ClassifierTask, result: TaskResult, found: number): ResultRun {
  const { validationAccuracy, step } = result;
  const pictures = { realPictures: real.length, syntheticPictures: synthetic.length };
  return { seed, task: id, accuracy: found, validationAccuracy, step, ...pictures };
}

/** A row's answers: by seed, whether each test picture was right. */
export type JudgedRow = Pick<Cell, "id" | "kind"> & { readonly hits: ReadonlyMap<number, readonly boolean[]> };

export function judgedRow(cell: Cell, answers: Answers, labels: readonly number[]): JudgedRow {
  const entries = answered(cell, answers).map(({ task, result }) => {
    const hits = predictionsOf(result, labels).map((each) => predictedClass(each) === each.label);
    return [task.seed, hits] as const;
  });
  return { id: cell.id, kind: cell.kind, hits: new Map(entries) };
}

/** A row beside the one that it is measured from, in one dataset. */
export type ComparedRows = { readonly own: JudgedRow; readonly base: JudgedRow };

/** Each of one dataset, or the mean over several; null where one of them has no trainings to compare. */
export function differencesOf(rows: readonly (readonly ComparedRows[])[]): readonly ResultRow["difference"][] {
  const paired = rows.map((datasets) => datasets.map(({ own, base }) => pairedHits(own, base)));
  const isComparable = (datasets: readonly PairedHits[]) =>
    0 < datasets.length && datasets.every(({ left }) => 0 < left.length);
  const found = bootstrapDifferences(paired.filter(isComparable), { confidence }).values();
  return paired.map((datasets) => (isComparable(datasets) ? { ...found.next().value!, confidence } : null));
}

/** Trainings of one seed are compared; zero-shot, which has no seeds, stands against each training of the other. */
function pairedHits(own: JudgedRow, base: JudgedRow): PairedHits {
  const seeded = own.kind === "zero-shot" ? base : own;
  const at = ({ kind, hits }: JudgedRow, seed: number) => hits.get(kind === "zero-shot" ? 0 : seed);
  const pairs = [...seeded.hits.keys()].flatMap((seed) => {
    const [left, right] = [at(own, seed), at(base, seed)];
    return left === undefined || right === undefined ? [] : [{ left, right }];
  });
  return { left: pairs.map(({ left }) => left), right: pairs.map(({ right }) => right) };
}
