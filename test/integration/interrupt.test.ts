/** Ctrl-C: finished work is saved within two seconds, the exit code is 130, and the next start goes on from there. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../schemas/run-event.ts";
import { type CommandEvent, type CommandResult, runCommand, startCommand, userError } from "../support/cli-process.ts";
import { loggedEvents, runBytes } from "../support/run-bytes.ts";
import { makeTinyRun, type TinyRun, tinySteps, writeTinyConfig } from "../support/tiny-run.ts";

/** The bound. */
const savedWithinMilliseconds = 2_000;

let run: TinyRun;
let wanted: Record<string, string>;

beforeAll(async () => {
  run = await makeTinyRun(await mkdtemp(join(tmpdir(), "loft-interrupt-")));
  const undisturbed = await generate("undisturbed");
  expect(undisturbed.exitCode, undisturbed.stderr).toBe(0);
  wanted = await runBytes(join(run.folder, "undisturbed"));
});

afterAll(() => rm(run.folder, { recursive: true, force: true }));

test("in training: no step is lost, none is done twice, even with another batch size", async () => {
  const [stopped, milliseconds] = await interruptAt("training", (event) => stepOf(event) === 5);
  expect(userError(stopped)).toMatchObject({ exitCode: 130, code: "interrupted" });
  expect(stopped.stderr).toContain("saving ...");
  expect(milliseconds).toBeLessThan(savedWithinMilliseconds);
  const root = join(run.folder, "training");
  expect(await readdir(join(root, ".loft", "checkpoints"))).toHaveLength(1);

  await writeTinyConfig(run, { training: { batchSize: 1 } });
  const last = await generate("training");
  await writeTinyConfig(run, {});
  expect(last.exitCode, last.stderr).toBe(0);
  const events = (await loggedEvents(root)) as RunEvent[];
  const goneOnAt = events.flatMap((event) => (event.type === "adapter-group-started" ? [event.step] : []));
  const [stoppedAt] = stopped.events.flatMap(({ event }) => stepOf(event) ?? []).slice(-1);
  expect(goneOnAt).toEqual([0, stoppedAt, stoppedAt, 0, 0]);
  const steps = events.map((event) => (event.type === "training-step" ? event.losses.length : 0));
  expect(steps.reduce((sum, rows) => sum + rows)).toBe(4 * tinySteps);
  expect(await runBytes(root)).toEqual(wanted);
  expect(await readdir(join(root, ".loft", "checkpoints"))).toEqual([]);
});

test("in sampling: no image is lost, none is made twice", async () => {
  const [stopped, milliseconds] = await interruptAt("sampling", (event) => event.type === "images-finished");
  expect(userError(stopped)).toMatchObject({ exitCode: 130, code: "interrupted" });
  expect(milliseconds).toBeLessThan(savedWithinMilliseconds);
  const before = imagesOf(stopped);
  expect(before.length).toBeGreaterThan(0);
  expect(before.length).toBeLessThan(6);

  const last = await generate("sampling");
  expect(last.exitCode, last.stderr).toBe(0);
  expect(last.events.some(({ event }) => event.type === "training-step")).toBe(false);
  expect([...before, ...imagesOf(last)].sort()).toEqual(Object.keys(wanted).filter((file) => /^data.*png$/.test(file)));
  expect(await runBytes(join(run.folder, "sampling"))).toEqual(wanted);
});

test("before the first step: nothing is half done", async () => {
  const [stopped, milliseconds] = await interruptAt("early", (event) => event.type === "run-started");
  expect(userError(stopped)).toMatchObject({ exitCode: 130, code: "interrupted" });
  expect(milliseconds).toBeLessThan(savedWithinMilliseconds);
  expect(stopped.events.map(({ event }) => event.type)).not.toContain("training-step");
  expect(Object.keys(await runBytes(join(run.folder, "early"))).filter((file) => !file.startsWith("photos"))).toEqual(
    [],
  );
});

test("twice: the process ends at once, and the next start is not kept out", async () => {
  // Steps long enough for the second interrupt to come while the first one waits for the step's end.
  await writeTinyConfig(run, { training: { resolution: 256, batchSize: 4 } });
  const process = start("twice");
  expect(await process.until((event) => event.type === "training-step")).toBe(true);
  process.kill("SIGINT");
  await sleep(30);
  process.kill("SIGINT");
  const stopped = await process.result;
  expect(stopped.exitCode).toBe(130);
  expect(stopped.events.map(({ event }) => event.type)).not.toContain("run-interrupted");

  const [again] = await interruptAt("twice", (event) => event.type === "run-started");
  expect(userError(again)).toMatchObject({ exitCode: 130, code: "interrupted" });
});

/** Interrupt a new run at the first event that `test` accepts. @returns its result and how long it took to stop */
async function interruptAt(
  name: string,
  test: (event: CommandEvent) => boolean,
): Promise<readonly [CommandResult, number]> {
  const process = start(name);
  expect(await process.until(test)).toBe(true);
  const interrupted = performance.now();
  process.kill("SIGINT");
  return [await process.result, performance.now() - interrupted];
}

function start(name: string) {
  return startCommand(["generate", run.config, "--output", name, "--json"], run);
}

function generate(name: string): Promise<CommandResult> {
  return runCommand(["generate", run.config, "--output", name, "--json"], run);
}

function stepOf(event: CommandEvent): number | undefined {
  return event.type === "training-step" ? event.step : undefined;
}

function imagesOf({ events }: CommandResult): string[] {
  return events.flatMap(({ event }) => (event.type === "images-finished" ? event.files : []));
}
