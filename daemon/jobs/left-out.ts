/** Which synthetic images no classifier learns from, because the configuration says so, and what is told of them. Pure. */
import type { LeftOut } from "../../schemas/results.ts";
import type { EvaluationConfig } from "../config/resolve.ts";
import type { SyntheticSet } from "./evaluate-plan.ts";
import type { ImageFacts } from "./evaluate-sets.ts";

export type Rules = Pick<EvaluationConfig, "minLabelProbability" | "maxPhotoCosine" | "maxImageCosine">;

/** The set without the images that a rule meets. Nothing is deleted; images keep their order. */
export function withoutLeftOut(set: SyntheticSet, facts: readonly ImageFacts[], rules: Rules): SyntheticSet {
  const images = set.images.map((image, index) =>
    ruleOf(facts[index]!, rules) === undefined ? image : { ...image, isLeftOut: true },
  );
  return { ...set, images };
}

/** For each rule that is on: how many images of each class it left out. An image counts for the first rule that met it. */
export function leftOutBy(
  { images }: SyntheticSet,
  facts: readonly ImageFacts[],
  { rules, classes }: { readonly rules: Rules; readonly classes: number },
): readonly LeftOut[] {
  const met = facts.map((each) => ruleOf(each, rules));
  return ruleNames.flatMap((rule) => {
    const threshold = rules[rule];
    if (threshold === null) return [];
    const own = images.filter((_, index) => met[index] === rule);
    const perClass = Array.from({ length: classes }, (_, label) => own.filter((image) => image.label === label).length);
    return [{ rule, threshold, perClass, files: own.map(({ name }) => name) }];
  });
}

const ruleNames = ["minLabelProbability", "maxPhotoCosine", "maxImageCosine"] as const;

function ruleOf({ ownProbability, photoCosine, earlierCosine }: ImageFacts, rules: Rules): LeftOut["rule"] | undefined {
  const { minLabelProbability, maxPhotoCosine, maxImageCosine } = rules;
  if (minLabelProbability !== null && ownProbability < minLabelProbability) return "minLabelProbability";
  if (maxPhotoCosine !== null && maxPhotoCosine < photoCosine) return "maxPhotoCosine";
  if (maxImageCosine !== null && earlierCosine !== null && maxImageCosine < earlierCosine) return "maxImageCosine";
  return undefined;
}
