/** What is finished is never done again, whatever changes around it; and no result depends on who it was made with. */
import { mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeCheckpoint } from "../../daemon/jobs/training-checkpoint.ts";
import { type CommandResult, runCommand } from "../support/cli-process.ts";
import { only, runBytes } from "../support/run-bytes.ts";
import { makeTinyRun, type TinyRun, tinyPhoto, writePhoto, writeTinyConfig } from "../support/tiny-run.ts";

/** One run that grows from test to test; the tests stand in the order of its life. */
let run: TinyRun;
let first: CommandResult;

const fiveImages = { sampling: { imagesPerClass: 5 } };

beforeAll(async () => {
  run = await makeTinyRun(await mkdtemp(join(tmpdir(), "loft-going-on-")));
  first = await generate();
});

afterAll(() => rm(run.folder, { recursive: true, force: true }));

test("the first start does everything", async () => {
  expect(workOf(first)).toEqual({ exitCode: 0, steps: 24, adapters: 4, images: numbered("cat", 3, "dog", 3) });
});

test("no file of the dataset or of an adapter tells where it was made", async () => {
  for (const file of Object.keys(await runBytes(run.root))) {
    expect((await readFile(join(run.root, file))).includes(run.folder), file).toBe(false);
  }
});

test("a second start of a finished run does nothing, and quickly", async () => {
  const before = await timesOf(run.root);
  const again = await generate();
  expect(workOf(again)).toEqual({ exitCode: 0, steps: 0, adapters: 0, images: [] });
  expect(await timesOf(run.root)).toEqual(before);
  expect(again.milliseconds).toBeLessThan(first.milliseconds);
});

test("a saved state that a killed start left behind goes once its adapters are there", async () => {
  const [adapter] = await readdir(join(run.root, "adapters", "cat"));
  const numbers = new Float32Array(4);
  const state = { step: 1, parameters: numbers, firstMoment: numbers, secondMoment: numbers };
  const one = numbers.slice(0, 1);
  const history = [{ losses: one, gradNorms: one, timesteps: one, durationSeconds: 1 }];
  await writeCheckpoint(run.root, { id: "a".repeat(64), adapters: [adapter!] }, { state, history });
  await generate();
  expect(await readdir(join(run.root, ".loft", "checkpoints"))).toEqual([]);
});

test("what was deleted is made again, with the same bytes, and nothing else is", async () => {
  const before = await runBytes(run.root);
  await rm(join(run.root, "adapters", "dog"), { recursive: true });
  await rm(join(run.root, "data", "train", "cat", "000002.png"));
  await rm(join(run.root, "manifest.json"));
  expect(workOf(await generate())).toEqual({ exitCode: 0, steps: 12, adapters: 1, images: ["cat/000002"] });
  expect(await runBytes(run.root)).toEqual(before);
});

test("a run that was moved goes on, and more images are added to those that are there", async () => {
  const root = join(run.folder, "moved");
  await rename(run.root, root);
  run = { ...run, root };
  const before = only(await runBytes(root), /png$|safetensors$/);
  await writeTinyConfig(run, fiveImages);
  expect(workOf(await generate())).toEqual({
    exitCode: 0,
    steps: 0,
    adapters: 0,
    images: ["cat/000004", "cat/000005", "dog/000004", "dog/000005"],
  });
  expect(await runBytes(root)).toMatchObject(before);
});

test("one adapter and one image at a time give the same bytes as two", async () => {
  const alone = { training: { batchSize: 1 }, sampling: { imagesPerClass: 5, batchSize: 1 } };
  await writeTinyConfig(run, alone);
  const result = await generate("alone");
  expect(workOf(result)).toMatchObject({ exitCode: 0, steps: 48, adapters: 4 });
  expect(await runBytes(join(run.folder, "alone"))).toEqual(await runBytes(run.root));
});

test("larger batches and a class more, before the others, change no adapter and no image of the others", async () => {
  const folder = join(run.folder, "more");
  const other = await makeTinyRun(folder, {
    photos: { ant: 2, cat: 3, dog: 1 },
    config: { training: { batchSize: 4 }, sampling: { imagesPerClass: 5, batchSize: 5 } },
  });
  const result = await runCommand(["generate", other.config, "--json"], other);
  expect(workOf(result)).toMatchObject({ exitCode: 0, adapters: 6 });
  const own = /^(adapters|photos|data\/train)\/(cat|dog)\//;
  expect(only(await runBytes(other.root), own)).toEqual(only(await runBytes(run.root), own));
});

test("a photo more in one class trains one adapter; the other class is left as it is", async () => {
  const before = await runBytes(run.root);
  await writePhoto(join(run.photos, "cat", "new.png"), tinyPhoto("new"));
  await writeTinyConfig(run, fiveImages);
  const work = workOf(await generate());
  expect(work).toMatchObject({ exitCode: 0, steps: 12, adapters: 1 });
  expect(work.images.filter((image) => image.startsWith("dog"))).toEqual([]);
  expect(await runBytes(run.root)).toMatchObject(only(before, /^adapters|^data\/train\/dog/));
});

test("fewer images: the others leave the dataset, but not the disk", async () => {
  await writeTinyConfig(run, { sampling: { imagesPerClass: 2 } });
  const result = await generate();
  expect(workOf(result)).toEqual({ exitCode: 0, steps: 0, adapters: 0, images: [] });
  const warnings = result.events.flatMap(({ event }) => (event.type === "warning" ? [event.what] : []));
  expect(warnings).toEqual([expect.stringContaining("6 images of an earlier configuration")]);
  expect(await imagesIn(join(run.root, "data", "train"))).toEqual(numbered("cat", 2, "dog", 2));
  expect(await imagesIn(join(run.root, ".loft", "set-aside"))).toHaveLength(6);
  expect(await describedImages()).toEqual(numbered("cat", 2, "dog", 2));
});

test("a start for one class keeps the others in the dataset", async () => {
  await writeTinyConfig(run, { sampling: { imagesPerClass: 3 } });
  const result = await generate(run.root, "--only-class", "dog");
  expect(workOf(result)).toEqual({ exitCode: 0, steps: 0, adapters: 0, images: ["dog/000003"] });
  expect(await describedImages()).toEqual(numbered("cat", 2, "dog", 3));
});

test("a class that is gone leaves no folder that readers would count", async () => {
  await rm(join(run.photos, "cat"), { recursive: true });
  expect(workOf(await generate())).toEqual({ exitCode: 0, steps: 0, adapters: 0, images: [] });
  expect(await readdir(join(run.root, "data", "train"))).toEqual(["dog", "metadata.jsonl"]);
  expect(JSON.parse(await readFile(join(run.root, "data", "classes.json"), "utf8"))).toEqual([
    { index: 0, name: "dog", folder: "dog" },
  ]);
});

test("images that are there keep their metadata, and that is told once", async () => {
  await writeTinyConfig(run, { ...fiveImages, output: { stripMetadata: true } });
  const warnings = (result: CommandResult) =>
    result.events.flatMap(({ event }) => (event.type === "warning" ? [event.what] : []));
  const changed = expect.stringContaining("output.stripMetadata was changed");
  const first = await generate();
  expect([first.exitCode, warnings(first)]).toEqual([0, expect.arrayContaining([changed])]);
  expect(warnings(await generate())).not.toContainEqual(changed);
});

function generate(output = run.root, ...options: readonly string[]): Promise<CommandResult> {
  return runCommand(["generate", run.config, "--json", "--output", output, ...options], run);
}

/** What a start did: steps of batches, adapters, images as CLASS/NUMBER. */
function workOf({ exitCode, events, stderr }: CommandResult) {
  if (exitCode !== 0) throw new Error(stderr);
  const ofType = (type: string) => events.filter(({ event }) => event.type === type).length;
  const files = events.flatMap(({ event }) => (event.type === "images-finished" ? event.files : []));
  const images = files.map((file) => file.replace(/^data\/train\/(.+)\.png$/, "$1")).sort();
  return { exitCode, steps: ofType("training-step"), adapters: ofType("adapter-finished"), images };
}

function numbered(...classes: readonly (string | number)[]): string[] {
  const images: string[] = [];
  for (let at = 0; at < classes.length; at += 2) {
    const count = Number(classes[at + 1]);
    for (let number = 1; number <= count; number += 1) images.push(`${classes[at]}/${String(number).padStart(6, "0")}`);
  }
  return images;
}

/** When adapters and images were last written. */
async function timesOf(root: string): Promise<Record<string, number>> {
  const files = Object.keys(await runBytes(root)).filter((file) => /safetensors$|png$/.test(file));
  const times = files.map(async (file) => [file, (await stat(join(root, file))).mtimeMs] as const);
  return Object.fromEntries(await Promise.all(times));
}

async function imagesIn(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true });
  return paths
    .filter((path) => path.endsWith(".png"))
    .map((path) => path.replaceAll("\\", "/").replace(/\.png$/, ""))
    .sort();
}

async function describedImages(): Promise<string[]> {
  const lines = (await readFile(join(run.root, "data", "train", "metadata.jsonl"), "utf8")).trim().split("\n");
  return lines.map((line) => (JSON.parse(line) as { file_name: string }).file_name.replace(/\.png$/, "")).sort();
}
