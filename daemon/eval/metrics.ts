/** How good a classifier is, from its probabilities: pure numbers, no networks. */
import { type Rng, randomStream } from "../base/random.ts";

/** What a classifier says of one test picture: the probability of each class, and the label it should be. */
export type Prediction = { readonly probabilities: ArrayLike<number>; readonly label: number };

/** Probabilities of logits. */
export function softmax(logits: Float32Array): Float32Array {
  const highest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = logits.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/** The class with the highest probability; the first of equals. */
export function predictedClass({ probabilities }: Pick<Prediction, "probabilities">): number {
  let best = 0;
  for (let index = 1; index < probabilities.length; index += 1) {
    if (probabilities[best]! < probabilities[index]!) best = index;
  }
  return best;
}

/** Share of pictures whose class is right; NaN without pictures. */
export function accuracy(predictions: readonly Prediction[]): number {
  return mean(predictions.map((each) => (predictedClass(each) === each.label ? 1 : 0)));
}

/** Pictures by label (row) and predicted class (column). */
export function confusionMatrix(predictions: readonly Prediction[], classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
  for (const each of predictions) matrix[each.label]![predictedClass(each)]! += 1;
  return matrix;
}

/** Share of each class's pictures whose class is right; NaN for a class without pictures. */
export function perClassAccuracy(confusion: readonly (readonly number[])[]): number[] {
  return confusion.map((row, label) => row[label]! / row.reduce((sum, count) => sum + count, 0));
}

/**
 * Expected calibration error (Guo et al. 2017): over bins of equal width of the highest probability, the mean distance
 * between that probability and the share that is right, weighted by the pictures in the bin.
 */
export function calibrationError(predictions: readonly Prediction[], bins = 15): number {
  const groups = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (const each of predictions) {
    const predicted = predictedClass(each);
    const confidence = each.probabilities[predicted]!;
    // Bins are open on the left: 1 belongs to the last one.
    const group = groups[Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))]!;
    group.count += 1;
    group.confidence += confidence;
    if (predicted === each.label) group.right += 1;
  }
  const total = groups.reduce((sum, { confidence, right }) => sum + Math.abs(right - confidence), 0);
  return total / predictions.length;
}

/** NaN without values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample (divided by n - 1); undefined below two values. */
export function standardDeviation(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

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
 * @param datasets at least one
 * @returns the percentile interval
 */
export function bootstrapDifference(
  datasets: readonly PairedHits[],
  { resamples = 10_000, confidence = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval {
  const gaps = datasets.map(gapsOf);
  const rng = randomStream("bootstrap", seed);
  const differences = Float64Array.from({ length: resamples }, () =>
    mean(gaps.map((rows) => resampledGap(rows, rng))),
  ).sort();
  const tail = (1 - confidence) / 2;
  const difference = mean(gaps.map((rows) => mean(rows.map((row) => mean([...row])))));
  return { difference, low: quantile(differences, tail), high: quantile(differences, 1 - tail) };
}

/** Of each training: 1 where only the left classifier was right about a picture, -1 where only the right one was. */
function gapsOf({ left, right }: PairedHits): readonly Int8Array[] {
  return left.map((row, training) =>
    Int8Array.from(row, (isRight, picture) => Number(isRight) - Number(right[training]![picture])),
  );
}

function resampledGap(gaps: readonly Int8Array[], rng: Rng): number {
  const trainings = gaps.length;
  const pictures = gaps[0]!.length;
  const rows = gaps.map(() => gaps[rng.integer(trainings)]!);
  let sum = 0;
  for (let draw = 0; draw < pictures; draw += 1) {
    const picture = rng.integer(pictures);
    for (const row of rows) sum += row[picture]!;
  }
  return sum / (trainings * pictures);
}

/** Of sorted values, interpolated linearly. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}
