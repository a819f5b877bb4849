/** What exports read of a dataset, and how a damaged one is told. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutBySize, readExportDataset, readExportImage } from "../../../daemon/data/export-rows.ts";
import { writeDatasetFolder } from "../../support/dataset-folder.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

async function datasetFolder(): Promise<string> {
  const root = await temporaryFolder();
  await writeDatasetFolder(root);
  return root;
}

describe("readExportDataset", () => {
  it("reads rows in the order of the files, and classes by label", async () => {
    const { rows, classNames } = await readExportDataset(await datasetFolder());
    expect(classNames).toEqual(["Ape", "zebra, crossing", "日本"]);
    expect(rows.map(({ fileName, label }) => [fileName, label])).toEqual([
      ["Ape/000001.png", 0],
      ["Ape/000002.png", 0],
      ["zebra_crossing/000001.png", 1],
      ["zebra_crossing/000002.png", 1],
      ["zebra_crossing/000003.png", 1],
      ["日本/000001.png", 2],
    ]);
    expect(rows[0]!.columns).toMatchObject({ seed: 2 ** 40 + 1, adapter_weights: [0.25, 0.75], synthetic: true });
    expect(rows[1]!.columns.adapter_ids).toEqual([]);
  });

  it("tells classes of one name by their folders", async () => {
    const root = await datasetFolder();
    await rewrite(root, "data/classes.json", (text) => text.replace('"zebra, crossing"', '"Ape"'));
    expect((await readExportDataset(root)).classNames).toEqual(["Ape", "zebra_crossing", "日本"]);
  });

  const metadata = "data/train/metadata.jsonl";
  it.each<[string, string, (text: string) => string]>([
    ["classes that are no JSON", "data/classes.json", () => "["],
    ["classes out of order", "data/classes.json", (text) => text.replace('"index":1', '"index":2')],
    ["no rows", metadata, () => "\n"],
    ["a torn row", metadata, (text) => text.slice(0, -20)],
    ["a row that is a list", metadata, (text) => `[]\n${text}`],
    ["a file outside", metadata, (text) => text.replace("Ape/000001.png", "../1.png")],
    ["a file deeper", metadata, (text) => text.replace("Ape/000001.png", "Ape/x/1.png")],
    ["a file twice", metadata, (text) => text.replace("Ape/000002.png", "Ape/000001.png")],
    ["a label too high", metadata, (text) => text.replace('"label":0', '"label":3')],
    ["a label below 0", metadata, (text) => text.replace('"label":0', '"label":-1')],
    ["a seed that is a text", metadata, (text) => text.replace(/"seed":(\d+)/, '"seed":"$1"')],
    ["a column less", metadata, (text) => text.replace(/"seed":\d+,/, "")],
    ["a list of other things", metadata, (text) => text.replace('"adapter_ids":[]', '"adapter_ids":[1]')],
  ])("refuses %s", async (_, file, change) => {
    const root = await datasetFolder();
    await rewrite(root, file, change);
    const error = await loftErrorOf(() => readExportDataset(root), "run-damaged");
    expect(error.what).toContain(file);
  });

  it("refuses a folder without a dataset", async () => {
    await loftErrorOf(async () => readExportDataset(await temporaryFolder()), "run-damaged");
  });
});

describe("readExportImage", () => {
  it("reads the file, and refuses one that was changed or is gone", async () => {
    const root = await datasetFolder();
    const dataset = await readExportDataset(root);
    const [row] = dataset.rows;
    const file = join(root, "data", "train", "Ape", "000001.png");
    const bytes = await readFile(file);
    expect(bytes.equals(await readExportImage(dataset, row!))).toBe(true);
    await writeFile(file, bytes.subarray(0, -1));
    await loftErrorOf(() => readExportImage(dataset, row!), "run-damaged");
    await rm(file);
    await loftErrorOf(() => readExportImage(dataset, row!), "file-vanished");
  });
});

it("cutBySize keeps order and everything, and no run is too large unless it is one item", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 20 }));
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 40 }), (items, limit) => {
      const runs = cutBySize(items, items, limit);
      expect(runs.flat()).toEqual(items);
      const sum = (run: readonly number[]) => run.reduce((total, size) => total + size, 0);
      for (const run of runs) expect(run.length === 1 || sum(run) <= limit).toBe(true);
      for (const [index, run] of runs.slice(1).entries()) {
        expect(limit).toBeLessThan(sum(runs[index]!) + run[0]!);
      }
    }),
  );
});

async function rewrite(root: string, file: string, change: (text: string) => string): Promise<void> {
  const path = join(root, ...file.split("/"));
  const text = await readFile(path, "utf8");
  expect(change(text)).not.toBe(text);
  await writeFile(path, change(text));
}
