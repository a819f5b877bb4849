/** Intervals of differences in accuracy, by drawing trainings and test pictures again. Pure. */
import { type Rng, randomStream } from "../base/random.ts";
import { mean } from "./metrics.ts";

/** A difference of two accuracies and where it lies with the given confidence. */
export type Interval = { readonly difference: number; readonly low: number; readonly high: number };

export type BootstrapOptions = { readonly resamples?: number; readonly confidence?: number; readonly seed?: number };

/** Whether picture j was right in training i, for two classifiers on the same pictures; both of one shape, not empty. */
export type PairedHits = {
  readonly left: readonly (readonly boolean[])[];
  readonly right: readonly (readonly boolean[])[];
};

/**
 * Paired bootstrap (Efron & Tibshirani 1993) of the difference in accuracy of two classifiers, averaged over datasets:
 * of each one trainings and pictures are drawn again with replacement, and both classifiers are judged on the same draw.
 * @param comparisons of each the datasets, at least one. Those of as many trainings and pictures share their draws, which
 *   take most of the time; each interval is the one that it has alone
 * @returns the percentile interval of each
 */
export function bootstrapDifferences(
  comparisons: readonly (readonly PairedHits[])[],
  { resamples = 10_000, confidence = 0.95, seed = 0 }: BootstrapOptions = {},
): readonly Interval[] {
  const gaps = comparisons.map((datasets) => datasets.map(gapsOf));
  const differences = gaps.map(() => new Float64Array(resamples));
  for (const alike of groupsOfOneShape(gaps)) {
    const rng = randomStream("bootstrap", seed);
    for (let resample = 0; resample < resamples; resample += 1) {
      const draws = gaps[alike[0]!]!.map((rows) => drawOf(rows, rng));
      for (const index of alike) {
        differences[index]![resample] = mean(draws.map((draw, dataset) => drawnGap(gaps[index]![dataset]!, draw)));
      }
    }
  }
  const tail = (1 - confidence) / 2;
  return gaps.map((datasets, index) => {
    const sorted = differences[index]!.sort();
    const difference = mean(datasets.map((rows) => mean(rows.map((row) => mean([...row])))));
    return { difference, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
  });
}

/** Of each training: 1 where only the left classifier was right about a picture, -1 where only the right one was. */
type Gaps = readonly Int8Array[];

function gapsOf({ left, right }: PairedHits): Gaps {
  return left.map((row, training) =>
    Int8Array.from(row, (isRight, picture) => Number(isRight) - Number(right[training]![picture])),
  );
}

/** Indices of the comparisons that have as many datasets, and in each as many trainings and pictures. */
function groupsOfOneShape(gaps: readonly (readonly Gaps[])[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const [index, datasets] of gaps.entries()) {
    const shape = datasets.map((rows) => `${rows.length} x ${rows[0]!.length}`).join();
    const group = groups.get(shape);
    if (group === undefined) groups.set(shape, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

/** How often each training and each picture was drawn. */
type Draw = { readonly trainings: Uint32Array; readonly pictures: Uint32Array };

function drawOf(rows: Gaps, rng: Rng): Draw {
  return { trainings: drawnCounts(rows.length, rng), pictures: drawnCounts(rows[0]!.length, rng) };
}

/** Of `count` things, drawn `count` times. */
function drawnCounts(count: number, rng: Rng): Uint32Array {
  const counts = new Uint32Array(count);
  for (let draw = 0; draw < count; draw += 1) counts[rng.integer(count)]! += 1;
  return counts;
}

function drawnGap(rows: Gaps, { trainings, pictures }: Draw): number {
  let sum = 0;
  for (const [training, row] of rows.entries()) {
    const times = trainings[training]!;
    if (0 < times) sum += times * weightedSum(row, pictures);
  }
  return sum / (trainings.length * pictures.length);
}

function weightedSum(row: Int8Array, weights: Uint32Array): number {
  let sum = 0;
  for (let index = 0; index < row.length; index += 1) sum += weights[index]! * row[index]!;
  return sum;
}

/** Of sorted values, interpolated linearly. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}
