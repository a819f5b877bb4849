/** What goes wrong while a run is under way: a clear error, finished work stays, and the next start goes on. */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, open, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { readSafetensorsHeader, readTensors, writeSafetensors } from "../../daemon/checkpoint/safetensors.ts";
import type { RunEvent } from "../../schemas/run-event.ts";
import { type CommandResult, runCommand, startCommand, userError } from "../support/cli-process.ts";
import { loftErrorOf } from "../support/loft-error.ts";
import { only, runBytes } from "../support/run-bytes.ts";
import { prepareTinyRun, runPrepared } from "../support/run-in-process.ts";
import { makeTinyRun, type TinyRun, writeTinyConfig } from "../support/tiny-run.ts";

let run: TinyRun;
/** The bytes of a run to which nothing happened. */
let wanted: Record<string, string>;

beforeAll(async () => {
  run = await makeTinyRun(await mkdtemp(join(tmpdir(), "loft-failures-")));
  const undisturbed = await loft("generate", "undisturbed");
  expect(undisturbed.exitCode, undisturbed.stderr).toBe(0);
  wanted = await runBytes(join(run.folder, "undisturbed"));
});

afterAll(() => rm(run.folder, { recursive: true, force: true }));

test("two processes on one run folder: the second one stops at once, the first one is not disturbed", async () => {
  const first = startCommand(["generate", run.config, "--output", "twice", "--json"], run);
  await first.until((event) => event.type === "run-started");
  const second = userError(await loft("generate", "twice"));
  expect(second).toMatchObject({ exitCode: 1, code: "run-locked" });
  expect(second.what).toMatch(/Process \d+, since /);
  expect((await first.result).exitCode).toBe(0);
  expect(await runBytes(join(run.folder, "twice"))).toEqual(wanted);
});

test("adapters damaged between training and sampling", async () => {
  const root = join(run.folder, "damaged");
  expect((await loft("train", "damaged")).exitCode).toBe(0);
  const [cat, dog] = [await adapterOf(root, "cat"), await adapterOf(root, "dog")];
  await flipLastByte(cat);
  await truncate(dog, 3_000);

  expect(userError(await loft("sample", "damaged"))).toMatchObject({ exitCode: 1, code: "adapter-invalid" });
  const keptGoing = await loft("sample", "damaged", "--keep-going");
  expect(userError(keptGoing)).toMatchObject({ exitCode: 1, code: "task-failed" });
  const failed = keptGoing.events.flatMap(({ event }) => (event.type === "task-failed" ? [event] : []));
  expect(new Set(failed.map(({ code }) => code))).toEqual(new Set(["adapter-invalid", "task-failed"]));
  // Of three pairs of cats one knows nothing of the damaged adapter.
  expect(await madeImages(root)).toHaveLength(1);

  // The shorter file is found out by itself; of the other one the message says to delete it.
  await rm(cat);
  const mended = await loft("generate", "damaged");
  expect(mended.exitCode, mended.stderr).toBe(0);
  expect(mended.events.filter(({ event }) => event.type === "adapter-finished")).toHaveLength(2);
  expect(await runBytes(root)).toEqual(wanted);
});

test("a loss that is not finite stops the run; what was finished stays", async () => {
  await writeTinyConfig(run, { training: { learningRate: 1000 } });
  const result = userError(await loft("generate", "infinite"));
  expect(result).toMatchObject({ exitCode: 1, code: "not-finite" });
  expect(result.what).toMatch(/cat\/\d\.png \(cat\) became NaN or infinite at step \d/);
  const keptGoing = await loft("generate", "infinite", "--keep-going");
  expect(userError(keptGoing)).toMatchObject({ exitCode: 1, code: "task-failed" });
  const failures = keptGoing.events.filter(({ event }) => event.type === "task-failed");
  expect(failures).toHaveLength(4 + 6);
  await writeTinyConfig(run, {});
});

test("one adapter that is not finite spoils no other", async () => {
  const root = join(run.folder, "one");
  const started = startCommand([...arguments_("train", "one"), "--checkpoint-seconds", "0"], run);
  await started.until((event) => event.type === "training-step" && event.step === 4);
  started.kill("SIGINT");
  expect(await started.result).toMatchObject({ exitCode: 130 });
  await poisonFirstRow(join(root, ".loft", "checkpoints"));

  const result = await loft("train", "one", "--keep-going");
  expect(userError(result)).toMatchObject({ exitCode: 1, code: "task-failed" });
  expect(result.events.flatMap(({ event }) => (event.type === "task-failed" ? [event.code] : []))).toEqual([
    "not-finite",
  ]);
  const adapters = only(await runBytes(root), /^adapters/);
  expect(Object.keys(adapters)).toHaveLength(2 * 3);
  expect(wanted).toMatchObject(adapters);
});

test("a photo that vanishes or changes after planning", async () => {
  const photos = { vanished: join(run.photos, "cat", "0.png"), replaced: join(run.photos, "cat", "2.png") };
  const kept = await Promise.all([readBytes(photos.vanished), readBytes(photos.replaced)]);
  const prepared = await prepareTinyRun(run);
  await rm(photos.vanished);
  await writeFile(photos.replaced, kept[0]);
  const events: RunEvent[] = [];
  const options = { root: join(run.folder, "vanished"), emit: (event: RunEvent) => events.push(event) };

  const stopped = await loftErrorOf(() => runPrepared(prepared, options), "file-vanished");
  expect(stopped.what).toContain(join("cat", "0.png"));
  events.length = 0;
  const { failures } = await runPrepared(prepared, { ...options, keepGoing: true });
  expect([...failures.values()].map(({ code }) => code)).toEqual([
    "file-vanished",
    "file-vanished",
    ...Array(3).fill("task-failed"),
  ]);
  expect(events.filter(({ type }) => type === "adapter-finished")).toHaveLength(2);
  expect(await madeImages(join(run.folder, "vanished"))).toEqual(["000001.png", "000002.png", "000003.png"]);

  await writeFile(photos.vanished, kept[0]);
  await writeFile(photos.replaced, kept[1]);
  const mended = await loft("generate", "vanished");
  expect(mended.exitCode, mended.stderr).toBe(0);
  expect(await runBytes(join(run.folder, "vanished"))).toEqual(wanted);
});

test("a run folder that cannot be made or is somebody else's", async () => {
  await writeFile(join(run.folder, "file"), "");
  expect(userError(await loft("generate", "file/run"))).toMatchObject({ exitCode: 1, code: "output-unwritable" });
  expect(userError(await loft("generate", "file"))).toMatchObject({ exitCode: 1, code: "output-unwritable" });
  await mkdir(join(run.folder, "others"));
  await writeFile(join(run.folder, "others", "thesis.txt"), "not ours");
  expect(userError(await loft("generate", "others"))).toMatchObject({ exitCode: 1, code: "output-not-empty" });
  expect(userError(await loft("generate", "photos"))).toMatchObject({ exitCode: 2, code: "config-invalid" });
});

test("a disk that is full, and one that is read-only", async (context) => {
  const root = join(run.folder, "small-disk");
  await mkdir(root);
  mountOrSkip(context, root, "size=200k");
  try {
    expect(userError(await loft("generate", "small-disk"))).toMatchObject({ exitCode: 1, code: "disk-full" });
    // Even --keep-going has no chance against a full disk.
    const again = userError(await loft("generate", "small-disk", "--keep-going"));
    expect(again).toMatchObject({ exitCode: 1, code: "disk-full" });
    const finished = only(await runBytes(root), /safetensors$/);
    expect(Object.keys(finished).length).toBeGreaterThan(0);
    expect(wanted).toMatchObject(finished);

    remount(root, "ro");
    expect(userError(await loft("generate", "small-disk"))).toMatchObject({ exitCode: 1, code: "output-unwritable" });
    remount(root, "rw,size=50m");
    const mended = await loft("generate", "small-disk");
    expect(mended.exitCode, mended.stderr).toBe(0);
    expect(await runBytes(root)).toEqual(wanted);
  } finally {
    spawnSync("umount", [root]);
  }
});

function arguments_(command: string, output: string): string[] {
  return [command, run.config, "--output", output, "--json"];
}

function loft(command: string, output: string, ...options: readonly string[]): Promise<CommandResult> {
  return runCommand([...arguments_(command, output), ...options], run);
}

async function readBytes(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function adapterOf(root: string, className: string): Promise<string> {
  const folder = join(root, "adapters", className);
  const [id] = await readdir(folder);
  return join(folder, id!, "pytorch_lora_weights.safetensors");
}

async function flipLastByte(file: string): Promise<void> {
  const bytes = await readBytes(file);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(file, bytes);
}

/** Make the first adapter's parameters in a checkpoint NaN. */
async function poisonFirstRow(folder: string): Promise<void> {
  const [name] = await readdir(folder);
  const file = join(folder, name!);
  const header = await readSafetensorsHeader(file);
  const tensors = await readTensors(header);
  const { data, shape } = tensors.get("parameters")!;
  (data as Float32Array).fill(Number.NaN, 0, shape[1]);
  await writeSafetensors(file, tensors, header.metadata);
}

async function madeImages(root: string): Promise<string[]> {
  const paths = await readdir(join(root, "data", "train"), { recursive: true }).catch(() => []);
  return paths.filter((path) => path.endsWith(".png")).map((path) => path.slice(-10));
}

/** A small file system of its own in memory; where that is not allowed the test says so and is skipped. */
function mountOrSkip(context: TestContext, folder: string, options: string): void {
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { encoding: "utf8" });
  context.skip(status !== 0, `no file system can be mounted here: ${stderr ?? "no mount command"}`);
}

function remount(folder: string, options: string): void {
  const { status, stderr } = spawnSync("mount", ["-o", `remount,${options}`, folder], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
}
