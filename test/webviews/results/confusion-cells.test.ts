/** Shares, keys and the most confused pairs of a confusion matrix. */
import { describe, expect, it } from "vitest";
import { confusedPairs, movedCell, rowTotal, shareAt } from "../../../webviews/results/confusion-cells.ts";

const matrix = [
  [8, 2, 0],
  [3, 1, 1],
  [0, 0, 0],
];

it("shares are of a class's own answers, 0 where it has none", () => {
  expect(rowTotal(matrix, 0)).toBe(10);
  expect(shareAt(matrix, { label: 0, predicted: 1 })).toBe(0.2);
  expect(shareAt(matrix, { label: 2, predicted: 2 })).toBe(0);
  expect(shareAt(matrix, { label: 9, predicted: 9 })).toBe(0);
});

it("confusedPairs begins with the greatest share, off the diagonal", () => {
  expect(confusedPairs(matrix, 2)).toEqual([
    { label: 1, predicted: 0, count: 3, share: 0.6 },
    { label: 0, predicted: 1, count: 2, share: 0.2 },
  ]);
  expect(confusedPairs(matrix, 10).length).toBe(3);
  expect(confusedPairs([], 10)).toEqual([]);
});

describe("movedCell", () => {
  const middle = { label: 1, predicted: 1 };
  it.each([
    ["ArrowUp", false, 0, 1],
    ["ArrowDown", false, 2, 1],
    ["ArrowLeft", false, 1, 0],
    ["ArrowRight", false, 1, 2],
    ["Home", false, 1, 0],
    ["End", false, 1, 2],
    ["Home", true, 0, 0],
    ["End", true, 2, 2],
  ])("%s (far: %s) leads to %i, %i", (key, isFar, label, predicted) => {
    expect(movedCell(middle, { key, isFar, classes: 3 })).toEqual({ label, predicted });
  });

  it("stays inside, and leaves other keys alone", () => {
    expect(movedCell({ label: 0, predicted: 2 }, { key: "ArrowUp", isFar: false, classes: 3 })).toEqual({
      label: 0,
      predicted: 2,
    });
    expect(movedCell(middle, { key: "a", isFar: false, classes: 3 })).toBeUndefined();
  });
});
