/** Fixed and drawn weights. */
import { expect, test } from "vitest";
import { randomStream } from "../../../../daemon/base/random.ts";
import { dirichletWeights, fixedWeights } from "../../../../daemon/pipeline/methods/adapter-weights.ts";

test.each([
  [[0.5, 0.5], 2, [0.5, 0.5]],
  [[0.9, 0.3], 2, [0.9, 0.3]],
  [[0.5, 0.3, 0.2], 2, [0.625, 0.375]],
  [[0, 0, 1], 2, [0.5, 0.5]],
])("fixed %j for %i: %j", (values, size, expected) =>
  expect(fixedWeights(values, size).map((weight) => Number(weight.toFixed(9)))).toEqual(expected),
);

test.each([
  [2, 1],
  [3, 1],
  [4, 0.3],
  [2, 8],
  [16, 0.001],
  [64, 1_000_000],
])("Dirichlet of %i at %f: sums to 1, mean 1/n, variance (n-1)/(n^2 (n alpha + 1))", (size, alpha) => {
  const draws = 4000;
  const weights = Array.from({ length: draws }, (_, draw) =>
    dirichletWeights(size, alpha, randomStream(0, "test", draw)),
  );
  for (const each of weights) {
    expect(each.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(Math.min(...each)).toBeGreaterThanOrEqual(0);
  }
  const variance = (size - 1) / (size * size * (size * alpha + 1));
  for (const place of [0, size - 1]) {
    const values = weights.map((each) => each[place] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / draws;
    const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws;
    // Five standard errors of the mean; six decimals are kept.
    expect(Math.abs(mean - 1 / size)).toBeLessThan(5 * Math.sqrt(variance / draws) + size * 1e-6);
    expect(Math.abs(spread / variance - 1)).toBeLessThan(0.25);
  }
});

test("the same stream gives the same weights", () => {
  const draw = () => dirichletWeights(3, 0.5, randomStream(7, "weights", "cat", 2));
  expect(draw()).toEqual(draw());
});
