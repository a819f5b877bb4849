/** Evaluations in a real daemon: to the end, cancelled and gone on with, crashed, outlived. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { childrenOf, clientForTest, daemonForTest, endDaemon, gone, hasEnded, isRun } from "../../support/daemon.ts";
import { type DaemonWithRun, daemonWith } from "../../support/daemon-with-run.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { evaluateTiny, evaluationBytes, makeTinyEvaluation } from "../../support/tiny-evaluation.ts";

const minutes = 60_000;

/** Rows without synthetic images and with: a method below the run folder as well. */
const settings = { methods: ["loft", "class-prompt"], rows: ["zero-shot", "real", "synthetic"] };
/** So long that it is always stopped in the middle. */
const longSettings = { ...settings, steps: 3_000 };

describe("an evaluation in the daemon", { timeout: 5 * minutes }, () => {
  it("runs to its end, tells how far it is, and leaves the bytes of one without a daemon", async () => {
    const { client, run, config } = await daemonWithEvaluation(settings);
    const started = await client.request("loft/evaluate", { config });
    expect(started).toMatchObject({ name: "tiny", folder: run.root, state: "running", work: "evaluate" });
    await expect(client.request("loft/start", { config })).rejects.toMatchObject({ code: "run-locked" });
    await client.request("loft/watch", { run: started.run, after: started.sequence });
    await client.until(() => isRun(client, started.run, hasEnded));
    const stages = new Set(client.summaries.map(({ progress }) => progress?.stage));
    expect(stages).toContain("evaluating");
    expect(client.summaries.at(-1)).toMatchObject({
      state: "finished",
      work: "evaluate",
      progress: { stage: "evaluating", adapters: 6, adaptersDone: 6, images: 0, share: 1, secondsLeft: 0 },
    });
    // Within a part the share may step back, when the time of what is left becomes known; never behind the part's begin.
    const parts = client.summaries.map(({ progress }) => Math.floor(3 * (progress?.share ?? 0) + 1e-9));
    expect(parts).toEqual(parts.toSorted());
    // The run's own images are events as always; those of the method below it are not.
    const files = client.events.flatMap(({ event }) => (event.type === "images-finished" ? event.files : []));
    expect(files).toHaveLength(6);
    const methods = client.events.flatMap(({ event }) => (event.type === "evaluation" ? [event.method] : []));
    expect(new Set(methods)).toEqual(new Set(["class-prompt", null]));
    const other = await makeTinyEvaluation(await temporaryFolder(), settings);
    const { folder } = await evaluateTiny(other);
    expect(await evaluationBytes(join(run.root, "evaluation"))).toEqual(await evaluationBytes(folder));
  });

  it("refuses what cannot be evaluated in its own words", async () => {
    const { client, config } = await daemonWithEvaluation({ test: "nowhere" });
    const { run } = await client.request("loft/evaluate", { config });
    await client.until(() => isRun(client, run, hasEnded));
    expect(client.summaries.at(-1)).toMatchObject({ state: "failed", error: { code: "data-folder-missing" } });
    await expect(client.request("loft/evaluate", { config: `${config}.json` })).rejects.toMatchObject({
      code: "config-missing",
    });
    await writeFile(config, JSON.stringify({ ...JSON.parse(await readFile(config, "utf8")), evaluation: {} }));
    await expect(client.request("loft/evaluate", { config })).rejects.toMatchObject({ code: "config-invalid" });
  });

  it("goes on where it was cancelled, and the table is written meanwhile", async () => {
    const { client, run, config } = await daemonWithEvaluation(longSettings);
    const { run: id, sequence } = await client.request("loft/evaluate", { config });
    await client.request("loft/watch", { run: id, after: sequence });
    await client.until(() => client.events.some(({ event }) => isJudgingStep(event)));
    const written = JSON.parse(await readFile(join(run.root, "evaluation", "results.loft-results.json"), "utf8"));
    expect(written).toMatchObject({ partial: true });
    expect(written.rows[0]).toMatchObject({ id: "zero-shot", missing: [] });
    expect(await client.request("loft/cancel", { run: id })).toMatchObject({ state: "cancelling", work: "evaluate" });
    await client.until(() => isRun(client, id, hasEnded));
    expect(client.summaries.at(-1)).toMatchObject({ state: "interrupted", work: "evaluate" });
    expect(client.events.at(-1)?.event).toMatchObject({ type: "evaluation", event: { type: "run-interrupted" } });
    const [summary] = await client.request("loft/runs", { configs: [] });
    expect(summary).toMatchObject({ state: "interrupted", work: "evaluate", progress: { stage: "evaluating" } });
  });
});

describe("a crash", { timeout: 5 * minutes }, () => {
  it("of its process is told in words", async () => {
    const { client, daemon, config } = await daemonWithEvaluation(longSettings);
    const { run: id, sequence } = await client.request("loft/evaluate", { config });
    await client.request("loft/watch", { run: id, after: sequence });
    await client.until(() => client.events.some(({ event }) => isJudgingStep(event)));
    const [job] = await childrenOf(daemon.process.pid as number);
    process.kill(job as number, "SIGKILL");
    await client.until(() => isRun(client, id, hasEnded));
    expect(client.summaries.at(-1)).toMatchObject({
      state: "failed",
      work: "evaluate",
      error: { code: "job-crashed" },
    });
  });

  it("of the daemon takes it along, and the next daemon offers it as an evaluation", async () => {
    const { client, daemon, config } = await daemonWithEvaluation(longSettings);
    const { run: id, sequence } = await client.request("loft/evaluate", { config });
    await client.request("loft/watch", { run: id, after: sequence });
    await client.until(() => client.events.some(({ event }) => isJudgingStep(event)));
    const [job] = await childrenOf(daemon.process.pid as number);
    await endDaemon(daemon);
    await gone(job as number);
    const next = await clientForTest(await daemonForTest(daemon.folder));
    const runs = await next.request("loft/runs", { configs: [] });
    const left = { run: id, name: "tiny", state: "interrupted", brokeOff: true, work: "evaluate", config };
    expect(runs).toMatchObject([left]);
    // A daemon that never heard of it finds the same in the run's own journal.
    const stranger = await clientForTest(await daemonForTest(join(await temporaryFolder(), "daemon")));
    const found = await stranger.request("loft/runs", { configs: [config] });
    expect(found).toMatchObject([{ run: id, state: "interrupted", work: "evaluate" }]);
    const again = await next.request("loft/evaluate", { config: runs[0]?.config as string });
    await next.request("loft/watch", { run: id, after: again.sequence });
    await next.until(() => next.events.some(({ event }) => isJudgingStep(event)));
    expect(next.events.filter(({ event }) => event.type === "images-finished")).toEqual([]);
    await next.request("loft/cancel", { run: id });
    await next.until(() => isRun(next, id, hasEnded));
  });
});

function daemonWithEvaluation(evaluation: Readonly<Record<string, unknown>>): Promise<DaemonWithRun> {
  return daemonWith((folder) => makeTinyEvaluation(folder, evaluation));
}

function isJudgingStep(event: RunEvent): boolean {
  return event.type === "evaluation" && event.method === null && event.event.type === "training-step";
}
