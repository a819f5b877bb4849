/** Intervals of differences in accuracy. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { type BootstrapOptions, bootstrapDifferences, type PairedHits } from "../../../daemon/eval/bootstrap.ts";
import { mean, standardDeviation } from "../../../daemon/eval/metrics.ts";

function bootstrapDifference(datasets: readonly PairedHits[], options?: BootstrapOptions) {
  return bootstrapDifferences([datasets], options)[0]!;
}

describe("the paired bootstrap", () => {
  const rng = randomStream("bootstrap test");
  const rights = (chance: number) =>
    Array.from({ length: 3 }, () => Array.from({ length: 200 }, () => rng.uniform() < chance));

  it("has the width that the normal approximation lets expect", () => {
    const [left, right] = [rights(0.8), rights(0.6)];
    const { difference, low, high } = bootstrapDifference([{ left, right }]);
    const perPicture = left[0]!.map((_, picture) =>
      mean(left.map((row, training) => Number(row[picture]) - Number(right[training]![picture]))),
    );
    const error = standardDeviation(perPicture)! / Math.sqrt(200);
    expect(difference).toBeCloseTo(mean(perPicture), 12);
    expect(high - low).toBeGreaterThan(2 * 1.96 * error * 0.9);
    // Trainings are drawn again as well.
    expect(high - low).toBeLessThan(2 * 1.96 * error * 2);
    expect(low).toBeGreaterThan(0);
  });

  it("covers a difference of nothing about as often as it says", () => {
    let covered = 0;
    for (let trial = 0; trial < 60; trial += 1) {
      const { low, high } = bootstrapDifference([{ left: rights(0.7), right: rights(0.7) }], {
        resamples: 400,
        seed: trial,
      });
      if (low <= 0 && 0 <= high) covered += 1;
    }
    expect(covered).toBeGreaterThan(50);
  });

  it("of several datasets lies around the mean of their differences, each dataset with one say", () => {
    const few = (hits: boolean[][]) => hits.map((row) => row.slice(0, 50));
    const sets = [
      { left: rights(0.8), right: rights(0.6) },
      { left: few(rights(0.5)), right: few(rights(0.6)) },
    ];
    const found = bootstrapDifference(sets);
    const alone = sets.map((set) => bootstrapDifference([set]));
    expect(found.difference).toBeCloseTo(mean(alone.map(({ difference }) => difference)), 12);
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    // Independent errors: the width of a mean of two is half of the root of the summed squares.
    expect(width(found)).toBeGreaterThan(0.85 * Math.hypot(...alone.map(width)) * 0.5);
    expect(width(found)).toBeLessThan(1.15 * Math.hypot(...alone.map(width)) * 0.5);
  });

  it("is 0 for a classifier and itself, and the same for the same seed", () => {
    const left = rights(0.5);
    expect(bootstrapDifference([{ left, right: left }])).toEqual({ difference: 0, low: 0, high: 0 });
    const right = rights(0.5);
    expect(bootstrapDifference([{ left, right }], { resamples: 50 })).toEqual(
      bootstrapDifference([{ left, right }], { resamples: 50 }),
    );
  });

  it("of several comparisons at once is that of each alone, whatever their shapes", () => {
    const few = (hits: boolean[][]) => hits.slice(0, 2).map((row) => row.slice(0, 30));
    const comparisons = [
      [{ left: rights(0.8), right: rights(0.6) }],
      [{ left: few(rights(0.8)), right: few(rights(0.6)) }],
      [{ left: rights(0.5), right: rights(0.6) }],
    ];
    expect(bootstrapDifferences(comparisons, { resamples: 50 })).toEqual(
      comparisons.map((each) => bootstrapDifference(each, { resamples: 50 })),
    );
  });
});
