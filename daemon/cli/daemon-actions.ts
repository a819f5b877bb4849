/** What `loft daemon` does. Loaded only when it runs: it brings the protocol. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { daemonFiles } from "../../schemas/discovery.ts";
import type { DaemonStatus, RunSummary } from "../../schemas/protocol.ts";
import { parseEventLog } from "../jobs/event-log.ts";
import type { DaemonClient } from "../rpc/client.ts";
import type { ActionResult } from "./actions.ts";
import { type DaemonPlaces, daemonFolderOf, ensureDaemon, findDaemon } from "./daemon-connection.ts";

/** `loft daemon start`: one that is there stays. */
export async function startAction(places: DaemonPlaces): Promise<ActionResult> {
  const client = await ensureDaemon(places);
  return withClient(client, statusResult);
}

/** `loft daemon status`. */
export async function statusAction(places: DaemonPlaces): Promise<ActionResult> {
  const client = await findDaemon(places);
  if (client === undefined) return notRunning;
  return withClient(client, statusResult);
}

/** `loft daemon stop`: its runs are saved first. */
export async function stopAction(places: DaemonPlaces): Promise<ActionResult> {
  const client = await findDaemon(places);
  if (client === undefined) return notRunning;
  await stopDaemon(client);
  return { text: "the daemon stopped; its runs are saved", json: { daemon: null } };
}

/** `loft daemon restart`. */
export async function restartAction(places: DaemonPlaces): Promise<ActionResult> {
  const client = await findDaemon(places);
  if (client !== undefined) await stopDaemon(client);
  return startAction(places);
}

/** `loft daemon logs`: the end of the log, also of a daemon that is gone. */
export async function logsAction(lines: number, places: DaemonPlaces): Promise<ActionResult> {
  const file = join(daemonFolderOf(places), daemonFiles.log);
  const text = await readFile(file, "utf8").catch(() => "");
  const { entries } = parseEventLog<Record<string, unknown>>(text);
  const last = entries.slice(-lines);
  return { text: last.length === 0 ? "the log is empty" : last.map(logLine).join("\n"), json: { file, entries: last } };
}

const notRunning: ActionResult = { text: "no daemon is running", json: { daemon: null } };

async function stopDaemon(client: DaemonClient): Promise<void> {
  await client.request("loft/shutdown", { drain: true });
  await client.closed;
}

async function withClient<Result>(client: DaemonClient, use: (client: DaemonClient) => Promise<Result>) {
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function statusResult(client: DaemonClient): Promise<ActionResult> {
  const status = await client.request("loft/status", {});
  const runs = await client.request("loft/runs", { configs: [] });
  return { text: statusText(status, runs), json: { daemon: status, runs } };
}

function statusText(status: DaemonStatus, runs: readonly RunSummary[]): string {
  const { version, pid, startedAt, clients, running, queued, logFile } = status;
  // This command is a client as well.
  const others = clients - 1;
  return [
    `daemon ${version}, process ${pid}, since ${startedAt}`,
    `clients  ${others}`,
    `runs     ${running} at work, ${queued} waiting`,
    ...runs.filter(({ state }) => state !== "finished").map(runLine),
    `log      ${logFile}`,
  ].join("\n");
}

function runLine({ name, state, folder, progress }: RunSummary): string {
  const share = progress === undefined ? "" : ` ${Math.floor(progress.share * 100)} %`;
  return `         ${name}: ${state}${share}, ${folder}`;
}

function logLine({ time, pid, message, ...fields }: Record<string, unknown>): string {
  const rest = Object.keys(fields).length === 0 ? "" : ` ${JSON.stringify(fields)}`;
  return `${String(time)} [${String(pid)}] ${String(message)}${rest}`;
}
