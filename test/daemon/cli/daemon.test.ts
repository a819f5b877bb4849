/** `loft daemon` and `loft generate --daemon` as a user types them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readDiscovery } from "../../../daemon/rpc/endpoint.ts";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { runCommand, startCommand, userError } from "../../support/cli-process.ts";
import { writeFragileClip } from "../../support/fragile-clip.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { makeTinyEvaluation } from "../../support/tiny-evaluation.ts";
import { makeTinyRun } from "../../support/tiny-run.ts";

describe("loft daemon", { timeout: 300_000 }, () => {
  it("starts, tells, restarts and stops", async () => {
    const place = await daemonPlace();
    expect((await runCommand(["daemon", "status"], place)).stdout).toBe("no daemon is running\n");
    expect((await runCommand(["daemon", "stop"], place)).exitCode).toBe(0);
    const started = await runCommand(["daemon", "start", "--json"], place);
    const { daemon } = JSON.parse(started.stdout) as { daemon: { pid: number; running: number } };
    expect(daemon).toMatchObject({ running: 0, queued: 0 });
    const status = await runCommand(["daemon", "status"], place);
    expect(status.stdout).toContain(`process ${daemon.pid}`);
    expect(status.stdout).toContain("clients  0");
    const restarted = await runCommand(["daemon", "restart", "--json"], place);
    expect(JSON.parse(restarted.stdout).daemon.pid).not.toBe(daemon.pid);
    expect((await runCommand(["daemon", "stop"], place)).stdout).toContain("the daemon stopped");
    expect(await readDiscovery(place.daemonFolder)).toBeUndefined();
    const logs = await runCommand(["daemon", "logs", "--lines", "2"], place);
    expect(logs.stdout.trim().split("\n")).toHaveLength(2);
    expect(logs.stdout).toContain("daemon stopped");
  });
});

describe("loft generate --daemon", { timeout: 300_000 }, () => {
  it("shows the run as without, and ends with it", async () => {
    const place = await daemonPlace();
    const run = await makeTinyRun(place.folder);
    const result = await runCommand(["generate", run.config, "--daemon", "--json"], place);
    expect(result.exitCode, result.stderr).toBe(0);
    const events = result.events.map(({ event }) => event.type);
    expect([events[0], events.at(-1)]).toEqual(["run-started", "run-finished"]);
    expect(JSON.parse(await readFile(join(run.root, "manifest.json"), "utf8"))).toBeTypeOf("object");
    const again = await runCommand(["generate", run.config, "--daemon"], place);
    expect(again.stdout).toBe(`dataset in ${join("runs", "tiny")}\nnext: loft sheet ${join("runs", "tiny")}\n`);
    await runCommand(["daemon", "stop"], place);
  });

  it("tells what is wrong as without", async () => {
    const place = await daemonPlace();
    const result = await runCommand(["generate", "missing.loft.json", "--daemon"], place);
    expect(userError(result)).toMatchObject({ exitCode: 2, code: "config-missing" });
    await runCommand(["daemon", "stop"], place);
  });

  it("cancels the run at Ctrl-C, and leaves it running when its terminal is closed", async () => {
    const place = await daemonPlace();
    const config = { training: { steps: 4000, batchSize: 1 } };
    const run = await makeTinyRun(place.folder, { config });
    const args = ["generate", run.config, "--daemon", "--json", "--checkpoint-seconds", "0"];
    const closed = startCommand(args, place);
    expect(await closed.until(isStep)).toBe(true);
    closed.kill("SIGHUP");
    await closed.result;
    const status = await runCommand(["daemon", "status", "--json"], place);
    expect(JSON.parse(status.stdout).daemon).toMatchObject({ running: 1 });
    const busy = await runCommand(args, place);
    expect(busy.exitCode).toBe(1);
    expect(busy.stderr).toContain("error[run-locked]");
    await runCommand(["daemon", "stop"], place);
    const shown = startCommand(args, place);
    expect(await shown.until(isStep)).toBe(true);
    shown.kill("SIGINT");
    const result = await shown.result;
    expect(result.exitCode).toBe(130);
    expect(result.events.map(({ event }) => event.type)).toContain("run-interrupted");
    await runCommand(["daemon", "stop"], place);
  });
});

describe("loft evaluate --daemon", { timeout: 300_000 }, () => {
  it("ends with the table that it ends with without", async () => {
    const place = await daemonPlace();
    const run = await makeTinyEvaluation(place.folder, { rows: ["zero-shot", "real"] });
    const result = await runCommand(["evaluate", run.config, "--daemon"], place);
    expect(result.exitCode, result.stderr).toBe(0);
    const alone = await runCommand(["evaluate", run.config], place);
    expect(result.stdout).toBe(alone.stdout);
    expect(result.stdout).toContain(`results in ${join("runs", "tiny", "evaluation")}`);
    expect(result.stderr).toContain("2 classifiers on cpu");
    const reference = ["--reference", "reel-s2"];
    const refused = await runCommand(["evaluate", run.config, "--daemon", ...reference], place);
    expect(userError(refused)).toMatchObject({ code: "usage-invalid" });
    await runCommand(["daemon", "stop"], place);
  });

  it("shows the table of what is left where classifiers are lost, and tells of them as without", async () => {
    const place = await daemonPlace();
    await writeFragileClip(join(place.folder, "clip"));
    const run = await makeTinyEvaluation(place.folder, { rows: ["zero-shot", "real"], classifier: "clip" });
    const result = await runCommand(["evaluate", run.config, "--daemon"], place);
    const alone = await runCommand(["evaluate", run.config], place);
    expect(result.stdout).toBe(alone.stdout);
    expect(result.stdout).toContain(`results in ${join("runs", "tiny", "evaluation")}`);
    expect(userError(result)).toEqual(userError(alone));
    expect(userError(result)).toMatchObject({ exitCode: 1, code: "task-failed" });
    await runCommand(["daemon", "stop"], place);
  });
});

/** A working folder, and a daemon folder whose daemon is gone after the test, whatever happens in it. */
async function daemonPlace() {
  const [folder, daemonFolder] = [await temporaryFolder(), await temporaryFolder()];
  onTestFinished(async () => {
    const left = await readDiscovery(daemonFolder);
    if (left !== undefined) process.kill(left.pid, "SIGKILL");
  });
  return { folder, daemonFolder, environment: { LOFT_DAEMON_DIR: daemonFolder } };
}

function isStep(event: { readonly type: string }): event is RunEvent {
  return event.type === "training-step";
}
