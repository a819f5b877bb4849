/** Removing a run: what LoFT made goes, what is somebody else's stays. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { removeRun } from "../../../daemon/jobs/remove-run.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const ours = [
  ".loft/run.json",
  "adapters/cat/a/pytorch_lora_weights.safetensors",
  "data/train/cat/000001.png",
  "data/classes.json",
  "photos/cat/0.png",
  "curation.jsonl",
  "sheet.png",
];

describe("removing a run", () => {
  it.each<[name: string, files: readonly string[], left: readonly string[] | undefined]>([
    ["takes the folder along", [...ours, "README.md", "manifest.json"], undefined],
    ["leaves a project around it", [...ours, "manifest.json", "README.md", "birds.loft.json"], ["birds.loft.json"]],
    ["leaves the card of a project", [...ours, "README.md"], ["README.md"]],
    ["leaves photos that lie inside", [...ours, "my-photos/cat/1.jpg"], ["my-photos"]],
    ["does nothing where nothing is", [], undefined],
  ])("%s", async (_, files, left) => {
    const parent = await temporaryFolder();
    const root = join(parent, "run");
    await mkdir(root);
    for (const file of files) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), "x");
    }
    await removeRun(root);
    expect(await readdir(parent)).toEqual(left === undefined ? [] : ["run"]);
    if (left !== undefined) expect(await readdir(root)).toEqual(left);
  });
});
