/** Means over datasets: numbers worked out by hand, what is missing, and the texts as files. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { averageCsv } from "../../../daemon/jobs/average-csv.ts";
import { averageResults, type DatasetOutcome } from "../../../daemon/jobs/average-results.ts";
import type { Cell } from "../../../daemon/jobs/evaluate-plan.ts";
import { resultsMarkdown, resultsText } from "../../../daemon/jobs/evaluate-report.ts";
import { judgedRow, resultRows } from "../../../daemon/jobs/evaluate-results.ts";
import type { TaskResult } from "../../../daemon/jobs/evaluate-task-files.ts";
import type { LoftResults } from "../../../schemas/results.ts";

const golden = fileURLToPath(new URL("../../fixtures/evaluation", import.meta.url));

/** By row: for each seed the classes that its classifier names of four pictures, two of each class. */
type Answered = Readonly<Record<string, readonly (readonly number[] | undefined)[]>>;
const labels = [0, 0, 1, 1];

function outcome(name: string, answered: Answered, more: Partial<LoftResults> = {}): DatasetOutcome {
  const answers = new Map<string, TaskResult>();
  const cells = Object.entries(answered).map(([id, seeds]): Cell => {
    const isReal = id === "real-s2";
    const tasks = seeds.map((predicted, seed) => {
      const task = `${name} ${id} ${seed}`;
      const probabilities = (predicted ?? []).map((label) => (label === 0 ? [0.9, 0.1] : [0.1, 0.9]));
      const about = { validationAccuracy: null, step: 10 };
      if (predicted !== undefined) answers.set(task, { formatVersion: 1, id: task, probabilities, ...about });
      return { id: task, seed, real: [], synthetic: [] };
    });
    const place = {
      kind: isReal ? "real" : "synthetic",
      method: isReal ? null : "loft",
      imagesPerClass: null,
    } as const;
    return { id, classifier: null, ...place, shots: 2, tasks, missing: [] };
  });
  const rows = resultRows(cells, answers, { labels, classes: 2, references: "real-s2" });
  const results: LoftResults = {
    ...{ formatVersion: 1, name, reference: "real-s2", rows, sets: [], warnings: [] },
    partial: rows.some(({ missing }) => 0 < missing.length),
    dataset: { classes: [`${name} one`, `${name} two`], photos: 4, test: 4, validation: null },
    classifier: { name: "clip", sha256: "00", steps: 10, batchSize: 8, learningRate: 0.001 },
    model: { name: "model", sha256: "00" },
    ...{ versions: {}, configHash: name },
    ...more,
  };
  const judged = cells.map((cell) => judgedRow(cell, answers, labels));
  return { name, file: `../${name}/results.loft-results.json`, problem: null, evaluated: { results, judged } };
}

const right = [0, 0, 1, 1];
const half = [0, 1, 0, 1];
const wrong = [1, 1, 0, 0];

const pets = outcome("pets", { "real-s2": [half, half], "loft-s2": [right, half] });
const cars = outcome("cars", { "real-s2": [wrong, half], "loft-s2": [right, right] });
const failed: DatasetOutcome = {
  ...{ name: "birds", file: null, evaluated: undefined },
  problem: { what: "The folder is empty.", fix: "Add pictures." },
};
const options = { name: "pets, cars", reference: undefined };

describe("means over datasets", () => {
  const average = averageResults([pets, cars], options);
  const [real, loft] = average.rows;

  it("are means of rows, and spread from seed to seed", () => {
    expect(real).toMatchObject({ mean: 0.375, runs: [{ accuracy: 0.25 }, { accuracy: 0.5 }], missing: [] });
    expect(real!.std).toBeCloseTo(0.25 / Math.SQRT2, 12);
    expect(loft).toMatchObject({ mean: 0.875, runs: [{ accuracy: 1 }, { accuracy: 0.75 }], missing: [] });
    expect(average).toMatchObject({
      partial: false,
      reference: "real-s2",
      dataset: { photos: 8, test: 8, classes: [] },
    });
  });

  it("have each dataset's own numbers beside them", () => {
    expect(loft!.perDataset).toEqual([
      { mean: 0.75, std: expect.closeTo(0.5 / Math.SQRT2, 12), runs: 2, missing: 0 },
      { mean: 1, std: 0, runs: 2, missing: 0 },
    ]);
    expect(average.datasets!.map(({ name, partial }) => [name, partial])).toEqual([
      ["pets", false],
      ["cars", false],
    ]);
  });

  it("have intervals of their differences", () => {
    const { difference, low, high } = loft!.difference!;
    expect(difference).toBeCloseTo(0.5, 12);
    expect(low).toBeLessThan(difference);
    expect(high).toBeGreaterThan(difference);
    expect(real!.difference).toBeNull();
  });

  it("warn when classifiers differ", () => {
    const other = { ...cars.evaluated!.results.classifier, steps: 20 };
    const changed = outcome("cars", { "real-s2": [wrong, half] }, { classifier: other });
    expect(averageResults([pets, changed], options).warnings[0]!.what).toContain("different classifiers");
  });
});

describe("what is missing", () => {
  it("is told of a dataset that failed, of a row that one lacks and of a run", () => {
    const part = outcome("part", { "real-s2": [half, undefined] });
    const { rows, datasets, partial, warnings } = averageResults([pets, part, failed], options);
    const [real, loft] = rows;
    expect(partial).toBe(true);
    expect(datasets!.map((each) => each.partial)).toEqual([false, true, true]);
    expect(datasets![2]!.problem!.what).toBe("The folder is empty.");
    expect(warnings.map(({ what }) => what)).toEqual(["birds: The folder is empty."]);
    expect(real!.runs.map(({ seed }) => seed)).toEqual([0]);
    expect(real).toMatchObject({ mean: 0.5, std: null });
    expect(real!.missing.map(({ seed, reason }) => `${seed} ${reason}`)).toEqual([
      "1 part: The evaluation has not come to it yet.",
      "0 birds has no results.",
    ]);
    expect(loft!.missing.map(({ reason }) => reason)).toContain("part has no such row.");
    expect(loft!.perDataset).toEqual([{ mean: 0.75, std: expect.any(Number), runs: 2, missing: 0 }, null, null]);
  });
});

it("marks no row as best whose mean leaves out a dataset that others have", () => {
  const part = outcome("part", { "real-s2": [wrong, wrong] });
  const [, real, loft] = resultsText(averageResults([pets, part, failed], options)).split("\n");
  expect(real).toContain("25.0 ± 0.0 *");
  expect(loft).toContain("75.0 ± 35.4");
  expect(loft).not.toContain("*");
});

describe("texts", () => {
  const average = averageResults([pets, cars, failed], { ...options, name: "pets, cars, birds" });
  it.each([
    ["average.md", resultsMarkdown],
    ["average.csv", averageCsv],
    ["average.txt", resultsText],
  ] as const)("%s is as it was", async (name, make) => {
    await expect(make(average)).toMatchFileSnapshot(join(golden, name));
  });
});
