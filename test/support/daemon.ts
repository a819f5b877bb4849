/** Real daemons in folders of their own, and what tests do with them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { loftVersion } from "../../daemon/base/version.ts";
import { type DaemonClient, openClient } from "../../daemon/rpc/client.ts";
import { readDiscovery } from "../../daemon/rpc/endpoint.ts";
import type { Discovery } from "../../schemas/discovery.ts";
import { type Notifications, protocolVersion, type RunSummary } from "../../schemas/protocol.ts";
import { buildFailure } from "./built-command.ts";

const script = fileURLToPath(new URL("../../dist/daemon.js", import.meta.url));

export type TestDaemon = {
  readonly folder: string;
  readonly process: ChildProcess;
  readonly discovery: Discovery;
  /** Resolves with the exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
};

/** Start the process of a daemon, without waiting for anything. */
export function spawnDaemon(folder: string, args: readonly string[] = []): ChildProcess {
  const failure = process.env[buildFailure];
  if (failure !== undefined && failure !== "") throw new Error(`the daemon could not be built:\n${failure}`);
  return spawn(process.execPath, [script, ...args], {
    env: { ...process.env, LOFT_DAEMON_DIR: folder },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Start a daemon and wait until it can be found. The caller ends it: `endDaemon`. */
export async function startTestDaemon(folder: string, args: readonly string[] = []): Promise<TestDaemon> {
  const child = spawnDaemon(folder, args);
  let errors = "";
  child.stderr?.on("data", (text) => {
    errors += String(text);
  });
  const ended = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  for (;;) {
    const discovery = await readDiscovery(folder);
    if (discovery?.pid === child.pid) return { folder, process: child, discovery: discovery as Discovery, ended };
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}: ${errors}`);
    await sleep(10);
  }
}

/** Kill a daemon that a test is done with. */
export async function endDaemon({ process: child, ended }: Pick<TestDaemon, "process" | "ended">): Promise<void> {
  child.kill("SIGKILL");
  await ended;
}

/** A daemon for the running test alone. */
export async function daemonForTest(folder: string, args: readonly string[] = []): Promise<TestDaemon> {
  const daemon = await startTestDaemon(folder, args);
  onTestFinished(() => endDaemon(daemon));
  return daemon;
}

/** A client that has said hello, for the running test alone. */
export async function clientForTest({ discovery }: Pick<TestDaemon, "discovery">): Promise<RecordingClient> {
  const client = recording(await openClient(discovery));
  onTestFinished(() => client.close());
  await client.request("loft/hello", { version: loftVersion, protocolVersion });
  return client;
}

export type ToldEvent = Notifications["loft/runEvent"];

/** Keeps all that the daemon tells. */
export type RecordingClient = DaemonClient & {
  readonly events: readonly ToldEvent[];
  readonly summaries: readonly RunSummary[];
  readonly planned: readonly Notifications["loft/runPlanned"][];
  /** Resolves once something told makes `test` true; rejects when the connection ends before. */
  readonly until: (test: () => boolean) => Promise<void>;
};

function recording(client: DaemonClient): RecordingClient {
  const events: ToldEvent[] = [];
  const summaries: RunSummary[] = [];
  const planned: Notifications["loft/runPlanned"][] = [];
  const waiting = new Set<() => void>();
  const heard = () => {
    for (const look of [...waiting]) look();
  };
  client.on("loft/runEvent", (event) => {
    events.push(event);
    heard();
  });
  client.on("loft/runChanged", (summary) => {
    summaries.push(summary);
    heard();
  });
  client.on("loft/runPlanned", (news) => {
    planned.push(news);
    heard();
  });
  const until = async (test: () => boolean) => {
    if (test()) return;
    const told = new Promise<void>((resolve) => {
      const look = () => {
        if (!test()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
    });
    const gone = client.closed.then(() => {
      throw new Error("the connection ended");
    });
    await Promise.race([told, gone]);
  };
  return { ...client, events, summaries, planned, until };
}

/** Whether the latest summary of a run says this. */
export function isRun({ summaries }: RecordingClient, run: string, test: (summary: RunSummary) => boolean): boolean {
  const latest = summaries.findLast((summary) => summary.run === run);
  return latest !== undefined && test(latest);
}

export function hasEnded({ state }: RunSummary): boolean {
  return state === "finished" || state === "interrupted" || state === "failed";
}

/** Linux' /proc; the daemon's only child is its job. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

/** Resolves when a process is. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
    if (state === undefined || /\) [ZX] /.test(state)) return;
    await sleep(20);
  }
}
