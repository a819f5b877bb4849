/** Metrics against NumPy, SciPy, scikit-learn and prdc (test/fixtures/metrics/make.py), and by hand where that is clearer. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import {
  accuracy,
  calibrationError,
  confusionMatrix,
  type Prediction,
  perClassAccuracy,
  standardDeviation,
} from "../../../daemon/eval/metrics.ts";
import {
  coverageOf,
  diversity,
  duplicateGroups,
  type Features,
  frechetDistance,
  kernelDistance,
} from "../../../daemon/eval/set-quality.ts";
import { finished } from "../../support/finished.ts";
import { referenceRoot } from "../../support/reference.ts";

const expected = JSON.parse(readFileSync(join(referenceRoot, "..", "metrics", "expected.json"), "utf8"));

/** The same numbers as in make.py. */
function features(count: number, width: number, seed: number, change = (value: number) => value): Features {
  const value = (index: number) => ((index * index * 7 + index * 13 + seed * 101) % 997) / 498.5 - 1;
  return Array.from({ length: count }, (_, row) =>
    Float32Array.from({ length: width }, (__, column) => change(value(row * width + column + seed * 5))),
  );
}

const real = features(40, 6, 1);
const synthetic = features(30, 6, 2, (value) => value * 0.7 + 0.5);
const predictions: Prediction[] = features(50, 4, 3).map((logits, index) => {
  const powers = [...logits].map((value) => Math.exp(3 * value));
  return { probabilities: powers.map((power) => power / powers.reduce((a, b) => a + b)), label: (index * 7) % 4 };
});

describe("of a classifier", () => {
  it("agree with scikit-learn", () => {
    const confusion = confusionMatrix(predictions, 4);
    expect(accuracy(predictions)).toBeCloseTo(expected.accuracy, 12);
    expect(confusion).toEqual(expected.confusion);
    for (const [label, value] of perClassAccuracy(confusion).entries())
      expect(value).toBeCloseTo(expected.perClass[label], 12);
    expect(calibrationError(predictions)).toBeCloseTo(expected.calibrationError, 6);
    expect(standardDeviation([0.1, 0.4, 0.35])).toBeCloseTo(expected.std, 12);
  });

  it("say that something is missing", () => {
    expect(accuracy([])).toBeNaN();
    expect(standardDeviation([0.5])).toBeUndefined();
    expect(perClassAccuracy(confusionMatrix([{ probabilities: [1, 0], label: 0 }], 2))).toEqual([1, Number.NaN]);
  });
});

describe("of a set", () => {
  it("agree with SciPy, scikit-learn and prdc", () => {
    expect(finished(frechetDistance(real, synthetic))).toBeCloseTo(expected.frechet, 5);
    expect(finished(kernelDistance(real, synthetic))).toBeCloseTo(expected.kernel, 5);
    expect(finished(diversity(synthetic))).toBeCloseTo(expected.diversity, 5);
    const { precision, recall, density, coverage } = expected;
    const found = finished(coverageOf(real, synthetic));
    for (const [name, value] of Object.entries({ precision, recall, density, coverage })) {
      expect(found[name as keyof typeof found], name).toBeCloseTo(value as number, 12);
    }
  });

  it("do not fail on few or equal pictures", () => {
    const same = Array.from({ length: 3 }, () => Float32Array.of(1, 2, 3));
    expect(finished(frechetDistance(same, same))).toBeCloseTo(0, 10);
    expect(finished(diversity(same))).toBeCloseTo(0, 6);
    expect(finished(diversity(same.slice(1, 2)))).toBeUndefined();
    expect(finished(coverageOf(real, synthetic.slice(0, 2))).recall).toBeGreaterThanOrEqual(0);
    expect(finished(frechetDistance(real, synthetic.slice(0, 3)))).toBeGreaterThan(0);
  });

  it("find groups of near-duplicates", () => {
    const rng = randomStream("different rows");
    const rows = Array.from({ length: 30 }, () => rng.normals(6));
    const planted = [...rows, rows[3]!, rows[5]!.map((value) => value * 2), rows[3]!];
    expect(finished(duplicateGroups(planted, 0.9999))).toEqual([
      [3, 30, 32],
      [5, 31],
    ]);
    expect(finished(duplicateGroups(rows, 0.9999))).toEqual([]);
  });
});
