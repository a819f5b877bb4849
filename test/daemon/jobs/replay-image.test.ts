/** An image is made again from what it says of itself, with the same pixels; what keeps it from that is told. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replayAction } from "../../../daemon/cli/actions.ts";
import { encodePng, readPicture } from "../../../daemon/data/image-file.ts";
import { readPngText } from "../../../daemon/data/png-text.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { modelsFolder, prepareTinyRun, runPrepared } from "../../support/run-in-process.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { makeTinyRun, type TinyRun, tinyModelFolder } from "../../support/tiny-run.ts";

let run: TinyRun;
let image: string;

beforeAll(async () => {
  const training = { steps: 3, warmupSteps: 0, resolution: 64, batchSize: 2 };
  const sampling = { imagesPerClass: 2, steps: 2, batchSize: 2 };
  run = await makeTinyRun(await mkdtemp(join(tmpdir(), "loft-")), {
    photos: { cat: 2 },
    config: { training, sampling },
  });
  await runPrepared(await prepareTinyRun(run));
  image = join(run.root, "data", "train", "cat", "000002.png");
});

afterAll(() => rm(run.folder, { recursive: true, force: true }));

test("the same pixels, also into a file, though it was one of a batch", async () => {
  const { json } = await replay(image, { output: "again.png" });
  expect(json).toMatchObject({ same: true, differingValues: 0, className: "cat", imageIndex: 1 });
  expect(await readPicture(join(run.folder, "again.png"))).toEqual(await readPicture(image));
});

test("an image without metadata, and one of another version", async () => {
  const missing = await loftErrorOf(() => replay(join(run.photos, "cat", "0.png")), "image-metadata-missing");
  expect(missing.what).toContain("carries no metadata");
  const other = await changed("version.png", (text) => ({ ...text, pipelineVersion: "0" }));
  expect((await loftErrorOf(() => replay(other), "image-metadata-missing")).what).toContain("version 0");
});

test("an image whose pixels were changed", async () => {
  const picture = await readPicture(image);
  const painted = { ...picture, rgb: picture.rgb.map((value, index) => (index < 300 ? 255 - value : value)) };
  const edited = join(dirname(image), "painted.png");
  await writeFile(
    edited,
    await encodePng(painted, { text: { loft: readPngText(await readFile(image)).get("loft")! } }),
  );
  expect((await loftErrorOf(() => replay(edited), "replay-differs")).what).toMatch(/by up to \d+ of 255 levels/);
});

test("another model than the one it was made with", async () => {
  const folder = join(run.folder, basename(tinyModelFolder));
  await cp(tinyModelFolder, folder, { recursive: true });
  const config = join(folder, "scheduler", "scheduler_config.json");
  await writeFile(config, `${await readFile(config, "utf8")}\n`);
  await loftErrorOf(() => replay(image, { model: folder }), "model-hash-mismatch");
});

test("an image that left its adapters behind", async () => {
  const alone = join(await temporaryFolder(), "000002.png");
  await cp(image, alone);
  await loftErrorOf(() => replay(alone), "adapter-invalid");
});

function replay(file: string, options: { readonly output?: string; readonly model?: string } = {}) {
  return replayAction(
    { image: file, model: tinyModelFolder, ...options },
    {
      workingFolder: run.folder,
      packageFolder: dirname(modelsFolder),
      signal: new AbortController().signal,
      emit: () => undefined,
    },
  );
}

/** A copy of the image that says something else of itself. */
async function changed(name: string, change: (record: Record<string, unknown>) => unknown): Promise<string> {
  const record = JSON.parse(readPngText(await readFile(image)).get("loft")!) as Record<string, unknown>;
  const file = join(dirname(image), name);
  await writeFile(file, await encodePng(await readPicture(image), { text: { loft: JSON.stringify(change(record)) } }));
  return file;
}
