/** The classifiers that an evaluation names: one, or several that make rows of their own. Pure. */

export type ChosenClassifier = { readonly name: string; readonly learningRate: number };

/** `evaluation.classifier` as a list; a list of one is that one. */
export function classifierNames(classifier: string | readonly string[]): readonly string[] {
  return typeof classifier === "string" ? [classifier] : classifier;
}

/** Each with its learning rate, in the order of the configuration. */
export function chosenClassifiers({
  classifier,
  learningRate,
}: {
  readonly classifier: string | readonly string[];
  /** One for all, or one for each. */
  readonly learningRate: number | readonly number[];
}): readonly ChosenClassifier[] {
  return classifierNames(classifier).map((name, index) => ({
    name,
    learningRate: typeof learningRate === "number" ? learningRate : learningRate[index]!,
  }));
}
