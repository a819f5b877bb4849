/** The classifiers that an evaluation names: one, or several that make rows of their own. Pure. */

export type ChosenClassifier = { readonly name: string; readonly learningRate: number; readonly steps: number };

/** One for all classifiers, or one for each in their order. */
export type ForEach<Value> = Value | readonly Value[];

/** `evaluation.classifier` as a list; a list of one is that one. */
export function classifierNames(classifier: string | readonly string[]): readonly string[] {
  return typeof classifier === "string" ? [classifier] : classifier;
}

/** Each with how it is trained, in the order of the configuration. */
export function chosenClassifiers({
  classifier,
  learningRate,
  steps,
}: {
  readonly classifier: string | readonly string[];
  readonly learningRate: ForEach<number>;
  readonly steps: ForEach<number>;
}): readonly ChosenClassifier[] {
  return classifierNames(classifier).map((name, index) => ({
    name,
    learningRate: ofIndex(learningRate, index),
    steps: ofIndex(steps, index),
  }));
}

function ofIndex(values: ForEach<number>, index: number): number {
  return typeof values === "number" ? values : values[index]!;
}
