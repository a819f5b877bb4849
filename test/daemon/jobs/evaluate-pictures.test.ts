/** Test folders matched with the classes of a run. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readLabeledFolder } from "../../../daemon/jobs/evaluate-pictures.ts";
import { datasetOf } from "../../../daemon/pipeline/dataset.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { tinyPhoto, writePhoto } from "../../support/tiny-run.ts";

/** Folders of the photos, one photo in each. */
function dataset(folders: readonly string[], classNames: Readonly<Record<string, string>>) {
  const classes = folders.map((folder) => ({ folder, photos: [{ path: `${folder}/0.png`, sha256: folder }] }));
  return datasetOf(classes, { shots: null, classNames });
}

/** The labels that folders of these names get. */
async function labelsOf(names: readonly string[], run: ReturnType<typeof dataset>) {
  const folder = await temporaryFolder();
  for (const name of names) await writePhoto(join(folder, name, "0.png"), tinyPhoto(name));
  const { pictures } = await readLabeledFolder(folder, "evaluation.test", run);
  return Object.fromEntries(pictures.map(({ name, label }) => [name.split("/")[0], label]));
}

describe("a folder of test pictures", () => {
  it("belongs to the class of its folder, however other classes are called", async () => {
    const swapped = dataset(["a", "b"], { a: "b", b: "a" });
    expect(await labelsOf(["a", "b"], swapped)).toEqual({ a: 0, b: 1 });
  });

  it("may be called as the class, in any form of its letters", async () => {
    const run = dataset(["n01", "n02"], { n01: "Käfer", n02: "日本" });
    expect(await labelsOf(["Ka\u0308fer", "日本"], run)).toEqual({ "Ka\u0308fer": 0, 日本: 1 });
  });

  it("tells of all files with one problem in one warning", async () => {
    const folder = await temporaryFolder();
    for (const name of ["0", "1", "2", "3"]) await writePhoto(join(folder, "a", `${name}.png`), tinyPhoto("same"));
    await writeFile(join(folder, "a", "notes.txt"), "no picture");
    const { pictures, warnings } = await readLabeledFolder(folder, "evaluation.test", dataset(["a"], {}));
    expect(pictures.map(({ name }) => name)).toEqual(["a/0.png"]);
    expect(warnings.map(({ what }) => what)).toEqual([
      "evaluation.test: a/1.png: It is a copy of a/0.png. It and 2 more files like it are left out.",
      "evaluation.test: a/notes.txt: The content is no image format that is known here. It is left out.",
    ]);
  });
});
