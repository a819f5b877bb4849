/** Which images no classifier learns from, rule by rule. */
import { describe, expect, it } from "vitest";
import type { ImageFacts } from "../../../daemon/jobs/evaluate-sets.ts";
import { leftOutBy, type Rules, withoutLeftOut } from "../../../daemon/jobs/left-out.ts";

const off: Rules = { minLabelProbability: null, maxPhotoCosine: null, maxImageCosine: null };

/** Two images of the first class, two of the second. */
const facts: readonly ImageFacts[] = [
  { ownProbability: 0.1, photoCosine: 0.99, earlierCosine: null },
  { ownProbability: 0.6, photoCosine: 0.5, earlierCosine: 0.995 },
  { ownProbability: 0.3, photoCosine: 0.97, earlierCosine: null },
  { ownProbability: 0.9, photoCosine: 0.4, earlierCosine: 0.7 },
];

const images = facts.map((_, index) => {
  const name = `${index}.png`;
  return { name, file: `/${name}`, sha256: name, label: index < 2 ? 0 : 1 };
});
const set = { method: "loft", images } as const;

const cases: readonly [string, Partial<Rules>, readonly string[]][] = [
  ["no rule", {}, []],
  ["the probability of the own class", { minLabelProbability: 0.3 }, ["0.png"]],
  ["likeness to a photo", { maxPhotoCosine: 0.96 }, ["0.png", "2.png"]],
  ["likeness to an earlier image", { maxImageCosine: 0.99 }, ["1.png"]],
  ["all rules", { minLabelProbability: 0.2, maxPhotoCosine: 0.98, maxImageCosine: 0.6 }, ["0.png", "1.png", "3.png"]],
];

describe("an image is left out", () => {
  it.each(cases)("by %s", (_, rules, expected) => {
    const { images: marked } = withoutLeftOut(set, facts, { ...off, ...rules });
    expect(marked.filter(({ isLeftOut }) => isLeftOut === true).map(({ name }) => name)).toEqual(expected);
    expect(marked.map(({ name }) => name)).toEqual(images.map(({ name }) => name));
    const told = leftOutBy(set, facts, { rules: { ...off, ...rules }, classes: 2 });
    expect(told.flatMap(({ files }) => files).sort()).toEqual(expected);
    expect(told.map(({ rule }) => rule)).toEqual(Object.keys(rules));
  });

  it("because the user rejected it, before any rule", () => {
    const judged = { ...set, images: images.map((image, index) => ({ ...image, isRejected: index === 3 })) };
    const rules = { ...off, maxPhotoCosine: 0.3 };
    const { images: marked } = withoutLeftOut(judged, facts, off);
    expect(marked.filter(({ isLeftOut }) => isLeftOut === true).map(({ name }) => name)).toEqual(["3.png"]);
    expect(leftOutBy(judged, facts, { rules, classes: 2 })).toEqual([
      { rule: "rejected", threshold: null, perClass: [0, 1], files: ["3.png"] },
      { rule: "maxPhotoCosine", threshold: 0.3, perClass: [2, 1], files: ["0.png", "1.png", "2.png"] },
    ]);
  });

  it("and counts for the first rule that meets it, by class", () => {
    const rules = { minLabelProbability: 0.2, maxPhotoCosine: 0.96, maxImageCosine: 0.6 };
    expect(leftOutBy(set, facts, { rules, classes: 3 })).toEqual([
      { rule: "minLabelProbability", threshold: 0.2, perClass: [1, 0, 0], files: ["0.png"] },
      { rule: "maxPhotoCosine", threshold: 0.96, perClass: [0, 1, 0], files: ["2.png"] },
      { rule: "maxImageCosine", threshold: 0.6, perClass: [1, 1, 0], files: ["1.png", "3.png"] },
    ]);
  });
});
