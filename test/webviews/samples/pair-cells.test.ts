/** Pairs, weights and the order in which they are asked for. */
import { describe, expect, it } from "vitest";
import type { PhotoAdapter } from "../../../schemas/protocol.ts";
import {
  askNow,
  cellKey,
  emptyQueue,
  fuseParams,
  isMade,
  type PairResult,
  type PairWish,
  pairKey,
  rowWeight,
  takeNext,
  wishesToFill,
  wishFor,
} from "../../../webviews/samples/pair-cells.ts";

const photos: readonly PhotoAdapter[] = ["a", "b", "c"].map((name) => ({
  adapterId: name,
  photo: `${name}.png`,
  photoFile: `photos/${name}.png`,
  trained: name !== "c",
}));

function made(weight: number, seed = 0): PairResult {
  return { state: "made", weight, seed, url: "blob:x", side: 64, seconds: 1 };
}

function wish(low: number, high: number, weight = 0.5): PairWish {
  return { low, high, weight, seed: 0 };
}

describe("a cell", () => {
  it.each([
    { cell: { row: 0, column: 1 }, weight: 0.3, expected: { low: 0, high: 1, weight: 0.3, seed: 7 } },
    { cell: { row: 1, column: 0 }, weight: 0.3, expected: { low: 0, high: 1, weight: 0.7, seed: 7 } },
    { cell: { row: 1, column: 1 }, weight: 0.3, expected: { low: 1, high: 1, weight: 1, seed: 7 } },
  ])("$cell.row, $cell.column asks for its pair", ({ cell, weight, expected }) => {
    expect(wishFor(cell, weight, 7)).toEqual(expected);
  });

  it("is the same pair as its mirror, with the other weight", () => {
    expect(cellKey({ row: 2, column: 1 })).toBe(cellKey({ row: 1, column: 2 }));
    expect(rowWeight({ row: 2, column: 1 }, 0.9)).toBe(0.1);
  });

  it.each([
    { made: made(0.5), expected: true },
    { made: made(0.6), expected: false },
    { made: made(0.5, 1), expected: false },
    { made: { state: "failed", weight: 0.5, seed: 0, what: "", fix: "" } as const, expected: false },
    { made: undefined, expected: false },
  ])("is made only with its weight and seed: $expected", ({ made: result, expected }) => {
    expect(isMade(result, wish(0, 1))).toBe(expected);
  });
});

describe("fuseParams", () => {
  it.each([
    {
      asked: wish(0, 1, 0.35),
      adapters: [
        ["a", 0.35],
        ["b", 0.65],
      ],
    },
    { asked: wish(0, 1, 1), adapters: [["a", 1]] },
    { asked: wish(0, 1, 0), adapters: [["b", 1]] },
    { asked: wish(1, 1, 1), adapters: [["b", 1]] },
  ])("leaves out who has no weight: $adapters", ({ asked, adapters }) => {
    const params = fuseParams(asked, "cat", photos);
    expect(params.adapters.map(({ adapterId, weight }) => [adapterId, weight])).toEqual(adapters);
    expect(params).toMatchObject({ className: "cat", seed: 0 });
  });
});

describe("the queue", () => {
  it("keeps the newest wish for a pair", () => {
    const queue = [wish(0, 1, 0.1), wish(0, 2), wish(0, 1, 0.2)].reduce(askNow, emptyQueue);
    expect(queue.urgent).toEqual([wish(0, 2), wish(0, 1, 0.2)]);
  });

  it("puts a person before the filling, and fills the rest", () => {
    const filling = { urgent: [], filling: [wish(0, 0, 1), wish(0, 1)] };
    const first = takeNext(askNow(filling, wish(0, 1, 0.7)));
    expect(first?.wish).toEqual(wish(0, 1, 0.7));
    const second = takeNext(first!.rest);
    expect(second?.wish).toEqual(wish(0, 0, 1));
    expect(takeNext(second!.rest)).toBeUndefined();
  });
});

describe("wishesToFill", () => {
  const options = { seed: 0, weights: new Map([[pairKey(0, 1), 0.8]]) };

  it("asks for each trained pair once, with its weight", () => {
    const wishes = wishesToFill([0, 1, 2], photos, new Map(), options);
    expect(wishes).toEqual([wish(0, 0, 1), wish(0, 1, 0.8), wish(1, 1, 1)]);
  });

  it("leaves out what is made, and makes again what failed or has another weight", () => {
    const failed: PairResult = { state: "failed", weight: 1, seed: 0, what: "", fix: "" };
    const results = new Map([
      [pairKey(0, 0), made(1)],
      [pairKey(0, 1), made(0.5)],
      [pairKey(1, 1), failed],
    ]);
    expect(wishesToFill([0, 1, 2], photos, results, options)).toEqual([wish(0, 1, 0.8), wish(1, 1, 1)]);
  });
});
