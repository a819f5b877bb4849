/** Runs in a real daemon: from start to end, cancelled, crashed, watched by clients that come and go, outlived. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { startCommand } from "../../support/cli-process.ts";
import {
  childrenOf,
  clientForTest,
  daemonForTest,
  endDaemon,
  gone,
  hasEnded,
  isRun,
  type RecordingClient,
  startTestDaemon,
  type ToldEvent,
} from "../../support/daemon.ts";
import { type DaemonWithRun, daemonWith } from "../../support/daemon-with-run.ts";
import { pixelsOf } from "../../support/pixels.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { makeTinyRun, type TinyRun } from "../../support/tiny-run.ts";

/** Long enough to be stopped in the middle, also on a slow machine. */
const longRun = { training: { steps: 4000, batchSize: 1 }, sampling: { imagesPerClass: 2, steps: 1 } };
const minutes = 60_000;

describe("a run in the daemon", { timeout: 5 * minutes }, () => {
  it("is planned, trained and sampled, and everything about it can be asked for", async () => {
    const { client, run } = await daemonWithRun();
    const started = await client.request("loft/start", { config: join(run.folder, run.config) });
    expect(started).toMatchObject({ name: "tiny", folder: run.root, state: "running" });
    await client.request("loft/watch", { run: started.run, after: started.sequence });
    await client.until(() => isRun(client, started.run, hasEnded));
    expect(client.summaries.at(-1)).toMatchObject({
      state: "finished",
      progress: { adapters: 4, adaptersDone: 4, images: 6, imagesDone: 6, share: 1, failed: 0, stage: "sampling" },
    });
    const types = client.events.map(({ event }) => event.type);
    expect(types[0]).toBe("run-started");
    expect(types.at(-1)).toBe("run-finished");
    expect(types.filter((type) => type === "adapter-finished")).toHaveLength(4);
    expect(filesOf(client.events)).toHaveLength(6);
    expect(client.planned.at(-1)?.classes.map(({ className, photos }) => [className, photos.length])).toEqual([
      ["cat", 3],
      ["dog", 1],
    ]);
    await askEverything(client, started.run, run);
  });

  it("waits while another one has the device, and can be cancelled while it waits", async () => {
    const { client, run } = await daemonWithRun(longRun);
    const second = await makeTinyRun(join(run.folder, "second"));
    const first = await client.request("loft/start", { config: join(run.folder, run.config) });
    const waiting = await client.request("loft/start", { config: join(second.folder, second.config) });
    expect([first.state, waiting.state]).toEqual(["running", "queued"]);
    await expect(client.request("loft/start", { config: join(run.folder, run.config) })).rejects.toMatchObject({
      code: "run-locked",
    });
    expect(await client.request("loft/status", {})).toMatchObject({ running: 1, queued: 1 });
    expect(await client.request("loft/cancel", { run: waiting.run })).toMatchObject({ state: "interrupted" });
    await expect(client.request("loft/deleteRun", { run: first.run })).rejects.toMatchObject({ code: "run-locked" });
    await client.request("loft/cancel", { run: first.run });
    await client.until(() => isRun(client, first.run, hasEnded));
    expect(await client.request("loft/status", {})).toMatchObject({ running: 0, queued: 0 });
  });

  it("goes on where it was cancelled", async () => {
    const { client, run } = await daemonWithRun({ ...longRun, training: { steps: 60, batchSize: 1 } });
    const params = { config: join(run.folder, run.config), checkpointSeconds: 0 };
    const { run: id, sequence } = await client.request("loft/start", params);
    await client.request("loft/watch", { run: id, after: sequence });
    await client.until(() => client.events.some(({ event }) => isStep(event)));
    expect(await client.request("loft/cancel", { run: id })).toMatchObject({ state: "cancelling" });
    await client.until(() => isRun(client, id, hasEnded));
    expect(client.summaries.at(-1)).toMatchObject({ state: "interrupted" });
    expect(client.events.at(-1)?.event.type).toBe("run-interrupted");
    const before = client.events.length;
    await client.request("loft/start", params);
    await client.until(() => isRun(client, id, ({ state }) => state === "finished"));
    const later = client.events.slice(before).map(({ event }) => event);
    const groups = later.filter((event) => event.type === "adapter-group-started");
    expect(groups[0]?.step).toBeGreaterThan(0);
  });
});

describe("a crash", { timeout: 5 * minutes }, () => {
  it("of the job's process is told in words, keeps what is finished, and costs nothing else", async () => {
    const { client, run, daemon } = await daemonWithRun(longRun);
    const { run: id, sequence } = await client.request("loft/start", { config: join(run.folder, run.config) });
    await client.request("loft/watch", { run: id, after: sequence });
    await client.until(() => client.events.some(({ event }) => isStep(event)));
    const [job] = await childrenOf(daemon.process.pid as number);
    process.kill(job as number, "SIGKILL");
    await client.until(() => isRun(client, id, hasEnded));
    const summary = client.summaries.at(-1);
    expect(summary).toMatchObject({ state: "failed", error: { code: "job-crashed" } });
    expect(summary?.error?.what).toContain("SIGKILL");
    expect(await client.request("loft/status", {})).toMatchObject({ running: 0, queued: 0 });
    const again = await client.request("loft/start", { config: join(run.folder, run.config) });
    await client.until(() => client.events.some(({ sequence: at, event }) => isStep(event) && again.sequence < at));
    await client.request("loft/cancel", { run: id });
    await client.until(() => isRun(client, id, hasEnded));
  });

  it("before the device is known is tried once more on the CPU, to the end", async () => {
    const { client, run, daemon } = await daemonWithRun();
    const { run: id, sequence } = await client.request("loft/start", { config: join(run.folder, run.config) });
    await client.request("loft/watch", { run: id, after: sequence });
    process.kill(await jobOf(daemon.process.pid as number), "SIGSEGV");
    await client.until(() => isRun(client, id, hasEnded));
    expect(client.summaries.at(-1)).toMatchObject({ state: "finished", progress: { imagesDone: 6 } });
    const warnings = client.events.flatMap(({ event }) => (event.type === "warning" ? [event.what] : []));
    expect(warnings[0]).toMatch(/^The run broke off on auto and is tried once more on the CPU\. .* by SIGSEGV;/);
    expect(await client.request("loft/status", {})).toMatchObject({ running: 0, queued: 0 });
  });

  it("on the second try is the end, and both are told", async () => {
    const { client, run, daemon } = await daemonWithRun();
    const { run: id, sequence } = await client.request("loft/start", { config: join(run.folder, run.config) });
    await client.request("loft/watch", { run: id, after: sequence });
    const first = await jobOf(daemon.process.pid as number);
    process.kill(first, "SIGSEGV");
    process.kill(await jobOf(daemon.process.pid as number, first), "SIGABRT");
    await client.until(() => isRun(client, id, hasEnded));
    const summary = client.summaries.at(-1);
    expect(summary).toMatchObject({ state: "failed", error: { code: "job-crashed" } });
    expect(summary?.error?.what).toMatch(/by SIGABRT; .* second try, on the CPU; before: .* by SIGSEGV;/);
  });

  it("of the daemon takes its job along, and the next daemon offers the run", async () => {
    const { client, run, daemon } = await daemonWithRun(longRun);
    const { run: id, sequence } = await client.request("loft/start", { config: join(run.folder, run.config) });
    await client.request("loft/watch", { run: id, after: sequence });
    await client.until(() => client.events.some(({ event }) => isStep(event)));
    const [job] = await childrenOf(daemon.process.pid as number);
    await endDaemon(daemon);
    await gone(job as number);
    const next = await clientForTest(await daemonForTest(daemon.folder));
    const runs = await next.request("loft/runs", { configs: [] });
    const config = join(run.folder, run.config);
    expect(runs).toMatchObject([{ run: id, name: "tiny", state: "interrupted", brokeOff: true, config }]);
    // Numbers of the later daemon are higher, so that nobody takes an old event for a new one.
    expect(runs[0]?.sequence).toBeGreaterThan(client.events.at(-1)?.sequence as number);
    const again = await next.request("loft/start", { config });
    await next.request("loft/watch", { run: id, after: again.sequence });
    await next.until(() => next.events.some(({ event }) => isStep(event)));
    await next.request("loft/cancel", { run: id });
    await next.until(() => isRun(next, id, hasEnded));
    // A run that was cancelled is nothing to be offered.
    const [cancelled] = await next.request("loft/runs", { configs: [] });
    expect(cancelled).toMatchObject({ state: "interrupted" });
    expect(cancelled).not.toHaveProperty("brokeOff");
  });
});

describe("clients that come and go", { timeout: 5 * minutes }, () => {
  it("miss no event and get none twice", async () => {
    const { client, run, daemon } = await daemonWithRun({
      training: { steps: 30, batchSize: 1 },
      sampling: { imagesPerClass: 12, batchSize: 1, steps: 1 },
    });
    const { run: id, sequence } = await client.request("loft/start", { config: join(run.folder, run.config) });
    await client.request("loft/watch", { run: id, after: sequence });
    const pieces: ToldEvent[] = [];
    let after = sequence;
    for (let visit = 0; visit < 4; visit += 1) {
      const visitor = await clientForTest(daemon);
      const { resumed } = await visitor.request("loft/watch", { run: id, after });
      expect(resumed).toBe(true);
      const seen = visitor.events.length;
      await visitor.until(() => seen + 3 <= visitor.events.length || isRun(visitor, id, hasEnded));
      visitor.close();
      await visitor.closed;
      pieces.push(...visitor.events);
      after = visitor.events.at(-1)?.sequence ?? after;
    }
    await client.until(() => isRun(client, id, hasEnded));
    const last = await clientForTest(daemon);
    const { resumed, sequence: end, summary } = await last.request("loft/watch", { run: id, after });
    pieces.push(...last.events);
    expect([resumed, summary.state]).toEqual([true, "finished"]);
    expect(end).toBe(client.events.at(-1)?.sequence);
    const lasting = (events: readonly ToldEvent[]) => events.filter(({ event }) => event.type !== "training-step");
    expect(lasting(pieces)).toEqual(lasting(client.events));
    expect(new Set(pieces.map(({ sequence: at }) => at)).size).toBe(pieces.length);
    expect(new Set(filesOf(pieces)).size).toBe(24);
    const unknown = await last.request("loft/watch", { run: id, after: end + 1000 });
    expect(unknown.resumed).toBe(false);
  });

  it("see a run of another process while it goes on, and how it ends", async () => {
    const { client, run, daemon } = await daemonWithRun(longRun);
    const outside = startCommand(["generate", run.config, "--json"], { folder: run.folder });
    expect(await outside.until(({ type }) => type === "training-step")).toBe(true);
    const { run: id, state } = await client.request("loft/openRun", { folder: run.root });
    expect(state).toBe("running");
    await expect(client.request("loft/cancel", { run: id })).rejects.toMatchObject({ code: "run-locked" });
    await expect(client.request("loft/deleteRun", { run: id })).rejects.toMatchObject({ code: "run-locked" });
    await client.request("loft/watch", { run: id });
    await client.until(() => client.events.some(({ event }) => isStep(event)));
    outside.kill("SIGINT");
    await client.until(() => isRun(client, id, ({ state: now }) => now === "interrupted"));
    expect(client.events.at(-1)?.event.type).toBe("run-interrupted");
    expect((await outside.result).exitCode).toBe(130);
    expect(await client.request("loft/status", {})).toMatchObject({ running: 0, pid: daemon.process.pid });
  });

  it("see a run that was made outside of the daemon", async () => {
    const { client, run } = await daemonWithRun();
    const { run: id } = await client.request("loft/start", { config: join(run.folder, run.config) });
    await client.until(() => isRun(client, id, hasEnded));
    const other = await startTestDaemon(await temporaryFolder());
    onTestFinished(() => endDaemon(other));
    const stranger = await clientForTest(other);
    const opened = await stranger.request("loft/openRun", { folder: run.root });
    expect(opened).toMatchObject({ run: id, name: "tiny", state: "finished", progress: { imagesDone: 6, images: 6 } });
    const { classes } = await stranger.request("loft/watch", { run: id });
    const mine = await client.request("loft/watch", { run: id });
    expect(classes).toEqual(mine.classes);
    await rm(run.root, { recursive: true });
    expect(await stranger.request("loft/runs", { configs: [] })).toEqual([]);
    // The daemon that made it does not show what is gone either.
    expect(await client.request("loft/runs", { configs: [] })).toEqual([]);
    expect((await client.request("loft/watch", { run: id }).catch((error) => error)).code).toBe("run-unknown");
  });
});

function daemonWithRun(config: Readonly<Record<string, unknown>> = {}): Promise<DaemonWithRun> {
  return daemonWith((folder) => makeTinyRun(folder, { config }));
}

async function askEverything(client: RecordingClient, run: string, { folder, config, root }: TinyRun): Promise<void> {
  const file = "data/train/cat/000001.png";
  const { total, samples } = await client.request("loft/samples", { run, offset: 1, limit: 3 });
  expect([total, samples.length]).toEqual([6, 3]);
  const cats = await client.request("loft/samples", { run, className: "cat", offset: 0, limit: 1000 });
  expect(cats.samples.map((sample) => sample.file)).toEqual([1, 2, 3].map((at) => `data/train/cat/00000${at}.png`));
  const [first] = cats.samples;
  expect(first?.parents.map(({ weight }) => weight)).toEqual([0.5, 0.5]);
  for (const { photoFile } of first?.parents ?? []) await readFile(join(root, photoFile));
  const { row } = await client.request("loft/manifestRow", { run, file });
  expect(JSON.parse(row)).toMatchObject({ file_name: "cat/000001.png", label_name: "cat" });
  const { curves } = await client.request("loft/losses", { run });
  expect(curves.map(({ photo, points }) => [photo, points.length])).toEqual([
    ["cat/0.png", 12],
    ["cat/1.png", 12],
    ["cat/2.png", 12],
    ["dog/0.png", 12],
  ]);
  await client.request("loft/curate", { run, file, verdict: "reject" });
  await client.request("loft/curate", { run, file: "data/train/dog/000001.png", verdict: "keep" });
  await client.request("loft/curate", { run, file: "data/train/dog/000001.png", verdict: null });
  const judged = await client.request("loft/samples", { run, offset: 0, limit: 6 });
  expect(judged.samples.flatMap((sample) => (sample.verdict === undefined ? [] : [sample.file]))).toEqual([file]);
  expect(await client.request("loft/replay", { run, file })).toMatchObject({ same: true });
  const adapters = (first?.parents ?? []).map(({ adapterId, weight }) => ({ adapterId, weight }));
  const fused = await client.request("loft/fuse", { run, className: "cat", adapters, seed: 0 });
  // The first image of the class, with its own adapters and the run's seed.
  expect(await pixelsOf(Buffer.from(fused.png, "base64"))).toEqual(await pixelsOf(await readFile(join(root, file))));
  const place = { config: join(folder, config) };
  expect(await client.request("loft/planCost", place)).toMatchObject({
    adaptersDone: 4,
    imagesDone: 6,
    secondsLeft: 0,
  });
  expect((await client.request("loft/planText", place)).text).toContain("already done    4 adapters, 6 images");
  const made = await client.request("loft/newConfig", { folder: join(folder, "photos") });
  expect(made.file).toBe(join(folder, "photos.loft.json"));
  expect(JSON.parse(made.text)).toMatchObject({ data: { folder: "photos" } });
  const { text } = await client.request("loft/report", {});
  expect(text).toContain("LoFT");
  expect(text).not.toContain(folder);
  await client.request("loft/deleteRun", { run });
  expect(await readdir(join(folder, "runs"))).toEqual([]);
  await expect(client.request("loft/watch", { run })).rejects.toMatchObject({ code: "run-unknown" });
}

function filesOf(events: readonly ToldEvent[]): readonly string[] {
  return events.flatMap(({ event }) => (event.type === "images-finished" ? event.files : []));
}

function isStep(event: RunEvent): boolean {
  return event.type === "training-step";
}

/** The job of a daemon that just began one, other than one that is known. */
async function jobOf(pid: number, other?: number): Promise<number> {
  for (;;) {
    const job = (await childrenOf(pid)).find((child) => child !== other);
    if (job !== undefined) return job;
    await sleep(5);
  }
}
