/** The groups of adapters that are fused. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../../../daemon/base/random.ts";
import { binomial, combinations, fusionGroups } from "../../../../daemon/pipeline/methods/fusion-groups.ts";

const rng = () => randomStream(0, "pairs", "cat");
const keyOf = (group: readonly number[]) => [...group].sort((left, right) => left - right).join(" ");

test("combinations of 4 by 2", () => {
  expect(combinations(4, 2)).toEqual([
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
    [2, 3],
  ]);
});

test.each([
  [16, 2, 120],
  [16, 3, 560],
  [5, 5, 1],
  [5, 1, 5],
  [2, 3, 0],
  [64, 32, 1.8326e18],
])("C(%i, %i) is %f", (count, size, expected) => {
  expect(binomial(count, size, Number.MAX_VALUE) / Math.max(1, expected)).toBeCloseTo(Math.min(1, expected), 4);
});

test("all 120 pairs of 16 come once before any comes again, in the same order", () => {
  const keys = fusionGroups(16, 2, 300, rng()).map(keyOf);
  expect(new Set(keys.slice(0, 120)).size).toBe(120);
  expect(keys.slice(120, 240)).toEqual(keys.slice(0, 120));
  expect(keys.slice(240)).toEqual(keys.slice(0, 60));
  expect(keys.slice(0, 120)).not.toEqual(combinations(16, 2).map(keyOf));
});

test("over two rounds each member of a pair stands first once", () => {
  const groups = fusionGroups(5, 2, 20, rng());
  for (let pair = 0; pair < 10; pair += 1) expect(groups[pair + 10]).toEqual([...groups[pair]!].reverse());
});

describe("any number of adapters, listed or drawn", () => {
  const counts = fc.record({ count: fc.integer({ min: 1, max: 60 }), size: fc.integer({ min: 1, max: 6 }) });
  test("groups hold different adapters, and more images keep the first ones", () => {
    fc.assert(
      fc.property(counts, fc.nat(80), ({ count, size }, images) => {
        const members = Math.min(size, count);
        const groups = fusionGroups(count, members, images, rng());
        expect(groups).toHaveLength(images);
        for (const group of groups) {
          expect(new Set(group).size).toBe(members);
          expect(group.every((member) => 0 <= member && member < count)).toBe(true);
        }
        expect(fusionGroups(count, members, images + 7, rng()).slice(0, images)).toEqual(groups);
      }),
      { numRuns: 60 },
    );
  });
});

test("too many groups to list are drawn without repetition at first, evenly", () => {
  const groups = fusionGroups(40, 6, 4000, rng());
  expect(new Set(groups.map(keyOf)).size).toBe(4000);
  const uses = Array.from({ length: 40 }, () => 0);
  for (const member of groups.flat()) uses[member] = (uses[member] ?? 0) + 1;
  expect(Math.min(...uses)).toBeGreaterThan(500);
  expect(Math.max(...uses)).toBeLessThan(700);
});

test("drawn groups go on when half of all have come", () => {
  // C(143, 2) = 10,153 is just above the limit.
  expect(fusionGroups(143, 2, 12_000, rng())).toHaveLength(12_000);
});
