/** The edit distance and the nearest word. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { closest, editDistance } from "../../../daemon/config/suggest.ts";

test.each([
  ["", "", 0],
  ["steps", "steps", 0],
  ["steps", "setps", 1],
  ["steps", "stesp", 1],
  ["steps", "step", 1],
  ["kitten", "sitting", 3],
  ["ca", "abc", 3],
  ["", "abc", 3],
])("%s to %s: %i", (left, right, distance) => expect(editDistance(left, right)).toBe(distance));

test("is symmetric, zero only for equal words, and at most the longer length", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (left, right) => {
      const distance = editDistance(left, right);
      expect(distance).toBe(editDistance(right, left));
      expect(distance === 0).toBe(left === right);
      expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
    }),
  );
});

const keys = ["rank", "alpha", "learningRate", "steps", "targetModules"];
test.each([
  ["learning_rate", "learningRate"],
  ["LearnigRate", "learningRate"],
  ["rnak", "rank"],
  ["setp", "steps"],
  ["wurlitzer", undefined],
  ["", undefined],
  ["x".repeat(1_000_000), undefined],
])("closest to %.20s: %s", (word, expected) => expect(closest(word, keys)).toBe(expected));
