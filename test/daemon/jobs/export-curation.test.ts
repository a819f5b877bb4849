/** Exports leave out what the user rejected, and say how much that is. */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeVerdict } from "../../../daemon/jobs/curation.ts";
import { exportRun } from "../../../daemon/jobs/export-run.ts";
import { writeDatasetFolder } from "../../support/dataset-folder.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("a curated run", () => {
  it("is exported without the images that are rejected", async () => {
    const root = await curated();
    const output = await temporaryFolder();
    const count = await exportRun({
      root,
      format: "jsonl",
      output,
      dtype: "f32",
      signal: new AbortController().signal,
    });
    expect(count).toEqual({ images: 4, rejected: 2 });
    const rows = (await readFile(join(output, "train.jsonl"), "utf8")).trim().split("\n");
    const names = rows.map((row) => (JSON.parse(row) as { readonly file: string }).file);
    expect(names).toEqual(
      ["Ape/000002", "zebra_crossing/000001", "zebra_crossing/000003", "日本/000001"].map(
        (name) => `data/train/${name}.png`,
      ),
    );
  });

  it("does not hold a verdict against a picture that was made anew", async () => {
    const root = await curated();
    const line = { file: "data/train/日本/000001.png", sha256: "0".repeat(64), verdict: "reject", at: "" };
    await appendFile(join(root, "curation.jsonl"), `${JSON.stringify(line)}\n`);
    const output = await temporaryFolder();
    const signal = new AbortController().signal;
    expect(await exportRun({ root, format: "csv", output, dtype: "f32", signal })).toEqual({ images: 4, rejected: 2 });
  });

  it("is not exported when nothing is left", async () => {
    const root = await curated();
    for (const name of ["Ape/000002", "zebra_crossing/000001", "zebra_crossing/000003", "日本/000001"]) {
      await writeVerdict(root, `data/train/${name}.png`, "reject");
    }
    const output = await temporaryFolder();
    const signal = new AbortController().signal;
    const failed = exportRun({ root, format: "csv", output, dtype: "f32", signal });
    await expect(failed).rejects.toMatchObject({ code: "run-damaged", what: expect.stringContaining("rejected") });
  });
});

/** Six images, of which two are rejected and one was for a while. */
async function curated(): Promise<string> {
  const root = await temporaryFolder();
  await writeDatasetFolder(root);
  await writeFile(join(root, "curation.jsonl"), "");
  for (const name of ["Ape/000001", "zebra_crossing/000002", "zebra_crossing/000003"]) {
    await writeVerdict(root, `data/train/${name}.png`, "reject");
  }
  await writeVerdict(root, "data/train/zebra_crossing/000003.png", "keep");
  return root;
}
