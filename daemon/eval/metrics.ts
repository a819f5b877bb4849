/** How good a classifier is, from its probabilities: pure numbers, no networks. */

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
