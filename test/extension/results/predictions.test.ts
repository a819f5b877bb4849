/** What the results page is told of predictions: which pictures were taken for what, and hits in one order for all rows. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  collectPredictions,
  hitsOf,
  judgedPictures,
  type Predictions,
  predictionsReader,
} from "../../../extension/results/predictions.ts";
import type { LoftResults } from "../../../schemas/results.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function line(row: string, seed: number, file: string, probabilities: readonly number[]): string {
  const label = file.startsWith("cat") ? 0 : 1;
  const predicted = probabilities.indexOf(Math.max(...probabilities));
  return JSON.stringify({ row, seed, file, label, predicted, probabilities });
}

const lines = [
  line("real", 0, "cat/a.png", [0.9, 0.1]),
  line("real", 0, "cat/b.png", [0.2, 0.8]),
  line("real", 0, "dog/c.png", [0.4, 0.6]),
  line("real", 1, "cat/a.png", [0.3, 0.7]),
  line("real", 1, "cat/b.png", [0.4, 0.6]),
  line("real", 1, "dog/c.png", [0.9, 0.1]),
  line("loft", 0, "cat/a.png", [1, 0]),
  line("loft", 0, "cat/b.png", [1, 0]),
  line("loft", 0, "dog/c.png", [0, 1]),
];

function predictionsOf(texts: readonly string[]): Predictions {
  const collector = collectPredictions();
  for (const text of texts) collector.add(text);
  return collector.predictions;
}

const results = {
  rows: [
    {
      id: "real",
      runs: [
        { seed: 0, accuracy: 2 / 3 },
        { seed: 1, accuracy: 0 },
      ],
    },
    { id: "loft", runs: [{ seed: 0, accuracy: 1 }] },
  ],
} as unknown as LoftResults;

describe("pictures of a cell", () => {
  it("come with what most trainings say first, and the mean of their probabilities", () => {
    const found = judgedPictures(predictionsOf(lines), { row: "real", label: 0, predicted: 1 });
    expect(found).toEqual([
      { name: "cat/b.png", predicted: 1, probability: expect.closeTo(0.7, 9), runs: 2 },
      { name: "cat/a.png", predicted: 1, probability: 0.7, runs: 1 },
    ]);
  });

  it("are all of the class where no answer is asked for", () => {
    const found = judgedPictures(predictionsOf(lines), { row: "real", label: 0, predicted: null });
    expect(found.map(({ name, predicted, runs }) => [name, predicted, runs])).toEqual([
      ["cat/b.png", 1, 2],
      ["cat/a.png", 0, 1],
      ["cat/a.png", 1, 1],
    ]);
    expect(judgedPictures(predictionsOf(lines), { row: "none", label: 0, predicted: null })).toEqual([]);
  });
});

describe("hits", () => {
  it("are told for each training of the results", () => {
    expect(hitsOf(predictionsOf(lines), results)).toEqual([
      { row: "real", seed: 0, hits: "101" },
      { row: "real", seed: 1, hits: "000" },
      { row: "loft", seed: 0, hits: "111" },
    ]);
  });

  it.each<[name: string, texts: readonly string[]]>([
    ["a training is missing", lines.slice(0, 6)],
    ["a picture is missing", lines.slice(0, 8)],
    ["an answer is another one", [...lines.slice(0, 8), line("loft", 0, "dog/c.png", [1, 0])]],
    ["there are none", []],
  ])("are refused when %s: they are of other results", (_, texts) => {
    expect(hitsOf(predictionsOf(texts), results)).toBeUndefined();
  });
});

describe("the file", () => {
  it("is read without what is torn or would lead out of the test folder", async () => {
    const file = join(await temporaryFolder(), "predictions.jsonl");
    const odd = ["{", "", "null", lines[0]!.replace("cat/a.png", "../../secret.png"), lines[0]!.slice(0, -3)];
    await writeFile(file, [...odd, ...lines].join("\n"));
    const read = predictionsReader(file);
    expect((await read()).names).toEqual(["cat/a.png", "cat/b.png", "dog/c.png"]);
    await writeFile(file, lines.slice(0, 2).join("\n"));
    expect((await read()).names).toEqual(["cat/a.png", "cat/b.png"]);
  });
});
