/** What the classifiers of an evaluation answered, read from predictions.jsonl line by line: a file of any length. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { LoftResults } from "../../schemas/results.ts";
import type { JudgedPicture, RowHits } from "../../webviews/results/protocol.ts";
import { isCount, isList, isNumber, isObject, isRelativePath, isText } from "../../webviews/shared/check.ts";

/** One training's answers: for each picture the class and its probability. */
type Answers = {
  readonly row: string;
  readonly seed: number;
  readonly predicted: number[];
  readonly probabilities: number[];
};

export type Predictions = {
  /** Test pictures in the order of the file: paths relative to the test folder, and their classes. */
  readonly names: readonly string[];
  readonly labels: readonly number[];
  readonly trainings: readonly Answers[];
};

/** A picture as one answer of a row's trainings sees it, before it has an address. */
export type JudgedName = Omit<JudgedPicture, "uri">;

type Line = {
  readonly row: string;
  readonly seed: number;
  readonly file: string;
  readonly label: number;
  readonly predicted: number;
  readonly probabilities: readonly number[];
};

const isLine = isObject<Line>({
  row: isText,
  seed: isCount,
  file: isRelativePath,
  label: isCount,
  predicted: isCount,
  probabilities: isList(isNumber),
});

/** Reads the file again only when it has changed. Rejects with the file's error. */
export function predictionsReader(file: string): () => Promise<Predictions> {
  let known: { readonly stamp: string; readonly predictions: Promise<Predictions> } | undefined;
  return async () => {
    const { mtimeMs, size } = await stat(file);
    const stamp = `${mtimeMs} ${size}`;
    if (known?.stamp !== stamp) known = { stamp, predictions: readPredictions(file) };
    return await known.predictions;
  };
}

async function readPredictions(file: string): Promise<Predictions> {
  const lines = createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  const collector = collectPredictions();
  for await (const line of lines) collector.add(line);
  return collector.predictions;
}

/** Takes lines one after another; those that are none of ours (a torn one) are left out. */
export function collectPredictions(): { readonly add: (line: string) => void; readonly predictions: Predictions } {
  const places = new Map<string, number>();
  const names: string[] = [];
  const labels: number[] = [];
  const trainings = new Map<string, Answers>();
  const placeOf = ({ file, label }: Line): number => {
    const place = places.get(file);
    if (place !== undefined) return place;
    labels.push(label);
    places.set(file, names.push(file) - 1);
    return names.length - 1;
  };
  const add = (text: string): void => {
    const line = parsed(text);
    if (line === undefined) return;
    const { row, seed, predicted, probabilities } = line;
    const key = `${seed} ${row}`;
    const training = trainings.get(key) ?? { row, seed, predicted: [], probabilities: [] };
    trainings.set(key, training);
    const place = placeOf(line);
    training.predicted[place] = predicted;
    training.probabilities[place] = probabilities[predicted] ?? 0;
  };
  return {
    add,
    predictions: {
      names,
      labels,
      get trainings() {
        return [...trainings.values()];
      },
    },
  };
}

function parsed(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Pictures of a class and what the trainings of a row took them for, one entry an answer: what most trainings say first,
 * and of those what they are surest of.
 * @param predicted only this answer; null for all
 */
export function judgedPictures(
  { names, labels, trainings }: Predictions,
  { row, label, predicted }: { readonly row: string; readonly label: number; readonly predicted: number | null },
): readonly JudgedName[] {
  const own = trainings.filter((training) => training.row === row);
  const pictures = names.flatMap((name, place) => (labels[place] === label ? answersFor(own, name, place) : []));
  return pictures
    .filter((picture) => predicted === null || picture.predicted === predicted)
    .sort((a, b) => b.runs - a.runs || b.probability - a.probability || (a.name < b.name ? -1 : 1));
}

function answersFor(trainings: readonly Answers[], name: string, place: number): readonly JudgedName[] {
  const byAnswer = new Map<number, number[]>();
  for (const { predicted, probabilities } of trainings) {
    const answer = predicted[place];
    if (answer === undefined) continue;
    byAnswer.set(answer, [...(byAnswer.get(answer) ?? []), probabilities[place] ?? 0]);
  }
  return [...byAnswer].map(([predicted, found]) => {
    const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
    return { name, predicted, probability: Math.min(1, Math.max(0, mean)), runs: found.length };
  });
}

/** Rounding of a mean over as many pictures as there may be. */
const tolerance = 1e-9;

/**
 * Right and wrong answers of the trainings that the results have.
 * @returns undefined where one is missing, or other than the results say: the file belongs to other results
 */
export function hitsOf(
  { names, labels, trainings }: Predictions,
  { rows }: LoftResults,
): readonly RowHits[] | undefined {
  const hits: RowHits[] = [];
  for (const { id, runs } of rows) {
    for (const { seed, accuracy } of runs) {
      const training = trainings.find((one) => one.row === id && one.seed === seed);
      if (training === undefined) return undefined;
      const right = names.map((_, place) => training.predicted[place] === labels[place]);
      const share = right.filter(Boolean).length / names.length;
      if (tolerance < Math.abs(share - accuracy)) return undefined;
      hits.push({ row: id, seed, hits: right.map((isRight) => (isRight ? "1" : "0")).join("") });
    }
  }
  return hits;
}
