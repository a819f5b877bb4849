/** The layout of a run folder, what counts as done in it, and what it refuses. */
import { mkdir, readdir, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { isImageDone, openFinishedImages, readFinishedImages } from "../../../daemon/jobs/finished-images.ts";
import {
  adapterFile,
  checkpointFile,
  cleanRunFolder,
  imageFile,
  inRun,
  isAdapterDone,
  isCheckpointThere,
  photoFile,
  prepareRunFolder,
  type RunRecord,
  readRun,
  refuseForeignFolder,
  runPaths,
  trainingLogFile,
  writeRun,
} from "../../../daemon/jobs/run-folder.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const record: RunRecord = {
  formatVersion: 1,
  config: { name: "test", photos: "photos" },
  planHash: "a1",
  modelHash: "b2",
  versions: { loft: "0.1.0" },
};

describe("paths", () => {
  it.each([
    [adapterFile("cat", "id1"), "adapters/cat/id1/pytorch_lora_weights.safetensors"],
    [trainingLogFile("cat", "id1"), "adapters/cat/id1/training.jsonl"],
    [photoFile("cat", "0123456789abcdef"), "photos/cat/0123456789ab.png"],
    [imageFile("cat", 0), "data/train/cat/000001.png"],
    [imageFile("cat", 1_234_567), "data/train/cat/1234568.png"],
    [checkpointFile("group1"), ".loft/checkpoints/group1.safetensors"],
  ])("%s", (path, expected) => {
    expect(path).toBe(expected);
  });
});

describe("prepareRunFolder", () => {
  it("makes a new folder and accepts it again", async () => {
    const folder = await temporaryFolder();
    const root = join(folder, "runs", "one");
    await prepareRunFolder(root);
    await prepareRunFolder(root);
    expect(await readdir(root)).toEqual([".loft"]);
  });

  it("accepts a folder that holds runs of methods alone, and nobody else's", async () => {
    const root = await temporaryFolder();
    await prepareRunFolder(join(root, "methods", "class-prompt"));
    await expect(refuseForeignFolder(root)).resolves.toBeUndefined();
    await mkdir(join(root, "methods", "mine"));
    await expect(prepareRunFolder(root)).rejects.toMatchObject({ code: "output-not-empty" });
  });

  it("refuses a folder with other files and leaves it alone", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "thesis.tex"), "mine");
    await expect(prepareRunFolder(folder)).rejects.toMatchObject({ code: "output-not-empty" });
    await expect(refuseForeignFolder(folder)).rejects.toMatchObject({ code: "output-not-empty" });
    await expect(refuseForeignFolder(join(folder, "missing"))).resolves.toBeUndefined();
    expect(await readdir(folder)).toEqual(["thesis.tex"]);
  });

  it("says that a file cannot be a run folder", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    await expect(prepareRunFolder(join(folder, "file"))).rejects.toMatchObject({ code: "output-unwritable" });
  });
});

describe("readRun", () => {
  it("reads what was written, also after the folder moved", async () => {
    const folder = await temporaryFolder();
    const [before, after] = [join(folder, "before"), join(folder, "after")];
    await prepareRunFolder(before);
    expect(await readRun(before)).toBeUndefined();
    await writeRun(before, record);
    await rename(before, after);
    expect(await readRun(after)).toEqual(record);
  });

  it.each(["", "{", "null", "[]", '{"formatVersion":2,"planHash":"a"}', '{"formatVersion":1}'])(
    "calls %j damaged",
    async (text) => {
      const folder = await temporaryFolder();
      await prepareRunFolder(folder);
      await writeFile(inRun(folder, runPaths.record), text);
      await expect(readRun(folder)).rejects.toMatchObject({ code: "run-damaged" });
    },
  );
});

describe("what is done", () => {
  it("takes a whole adapter file for a trained adapter, and no other", async () => {
    const folder = await temporaryFolder();
    const file = inRun(folder, adapterFile("cat", "id1"));
    await mkdir(dirname(file), { recursive: true });
    expect(await isAdapterDone(folder, "cat", "id1")).toBe(false);
    const whole = safetensors({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] }, __metadata__: { x: "y" } }, 8);
    await writeFile(file, whole);
    expect(await isAdapterDone(folder, "cat", "id1")).toBe(true);
    for (const length of [whole.length - 1, 20, 8, 3, 0]) {
      await truncate(file, length);
      expect(await isAdapterDone(folder, "cat", "id1"), `${length} bytes`).toBe(false);
    }
    await writeFile(file, Buffer.concat([whole, Buffer.from("more")]));
    expect(await isAdapterDone(folder, "cat", "id1")).toBe(false);
    expect(await isCheckpointThere(folder, "group1")).toBe(false);
  });

  it("takes an image for done when its task is in the journal and its file is whole", async () => {
    const folder = await temporaryFolder();
    const file = imageFile("cat", 0);
    const png = Buffer.concat([Buffer.alloc(20), Buffer.from("0000000049454e44ae426082", "hex")]);
    await mkdir(dirname(inRun(folder, file)), { recursive: true });
    await writeFile(inRun(folder, file), png);
    const journal = await openFinishedImages(folder);
    await journal.append({ id: "old", file, bytes: 7, sha256: "00" });
    await journal.append({ id: "new", file, bytes: png.length, sha256: "11" });
    await journal.append({ id: "gone", file: imageFile("cat", 1), bytes: png.length, sha256: "11" });
    await journal.close();
    const finished = await readFinishedImages(folder);
    const done = await Promise.all(["old", "new", "gone", "never"].map((id) => isImageDone(folder, finished, id)));
    expect(done).toEqual([false, true, false, false]);
    await truncate(inRun(folder, file), png.length - 1);
    expect(await isImageDone(folder, finished, "new")).toBe(false);
  });

  it("cleans away what a kill left behind", async () => {
    const folder = await temporaryFolder();
    await prepareRunFolder(folder);
    const torn = inRun(folder, "data/train/cat/.000001.png.99.loft-tmp");
    await mkdir(dirname(torn), { recursive: true });
    await writeFile(torn, "torn");
    await writeFile(inRun(folder, ".README.md.99.loft-tmp"), "torn");
    await cleanRunFolder(folder);
    expect(await readdir(dirname(torn))).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual([".loft", "data"]);
  });

  it("writes no absolute path", async () => {
    const folder = await temporaryFolder();
    await prepareRunFolder(folder);
    await writeRun(folder, record);
    expect(await readFile(inRun(folder, runPaths.record), "utf8")).not.toContain(folder);
  });
});

function safetensors(header: object, dataBytes: number): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}
