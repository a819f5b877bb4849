/** Which synthetic images no classifier learns from, because the user or the configuration says so, and what is told of them. Pure. */
import type { LeftOut } from "../../schemas/results.ts";
import type { EvaluationConfig } from "../config/resolve.ts";
import type { SyntheticPicture, SyntheticSet } from "./evaluate-plan.ts";
import type { ImageFacts } from "./evaluate-sets.ts";

export type Rules = Pick<EvaluationConfig, "minLabelProbability" | "maxPhotoCosine" | "maxImageCosine">;

/** Whether any rule is on: only then are the facts of images asked for. */
export function hasRule(rules: Rules): boolean {
  return ruleNames.some((rule) => rules[rule] !== null);
}

/**
 * The set with the images marked that are rejected or meet a rule. Nothing is deleted; images keep their order.
 * @param facts may be left out where no rule is on
 */
export function withoutLeftOut(set: SyntheticSet, facts: readonly ImageFacts[], rules: Rules): SyntheticSet {
  const images = set.images.map((image, index) =>
    reasonOf(image, facts[index], rules) === undefined ? image : { ...image, isLeftOut: true },
  );
  return { ...set, images };
}

/** Of the rejected, where there are any, and of each rule that is on: the images. An image counts for the first of them. */
export function leftOutBy(
  { images }: SyntheticSet,
  facts: readonly ImageFacts[],
  { rules, classes }: { readonly rules: Rules; readonly classes: number },
): readonly LeftOut[] {
  const met = facts.map((each, index) => reasonOf(images[index]!, each, rules));
  return ["rejected" as const, ...ruleNames].flatMap((rule) => {
    const threshold = rule === "rejected" ? null : rules[rule];
    const own = images.filter((_, index) => met[index] === rule);
    if (threshold === null && own.length === 0) return [];
    const perClass = Array.from({ length: classes }, (_, label) => own.filter((image) => image.label === label).length);
    return [{ rule, threshold, perClass, files: own.map(({ name }) => name) }];
  });
}

const ruleNames = ["minLabelProbability", "maxPhotoCosine", "maxImageCosine"] as const;

function reasonOf(
  { isRejected }: SyntheticPicture,
  facts: ImageFacts | undefined,
  rules: Rules,
): LeftOut["rule"] | undefined {
  if (isRejected === true) return "rejected";
  return facts === undefined ? undefined : ruleOf(facts, rules);
}

function ruleOf({ ownProbability, photoCosine, earlierCosine }: ImageFacts, rules: Rules): LeftOut["rule"] | undefined {
  const { minLabelProbability, maxPhotoCosine, maxImageCosine } = rules;
  if (minLabelProbability !== null && ownProbability < minLabelProbability) return "minLabelProbability";
  if (maxPhotoCosine !== null && maxPhotoCosine < photoCosine) return "maxPhotoCosine";
  if (maxImageCosine !== null && earlierCosine !== null && maxImageCosine < earlierCosine) return "maxImageCosine";
  return undefined;
}
