/** The daemon put together: runs, worker processes, door, discovery, and when it ends. */
import { join } from "node:path";
import type { WebSocket } from "ws";
import { type Discovery, daemonFiles } from "../../schemas/discovery.ts";
import { type DaemonStatus, protocolVersion } from "../../schemas/protocol.ts";
import type { Log } from "../base/log.ts";
import { loftVersion } from "../base/version.ts";
import { openRuns, type Runs } from "../jobs/runs.ts";
import { createStudio, type Studio } from "../jobs/studio-process.ts";
import { type RegisterLanguage, serveConnection, type Transport } from "./connection.ts";
import { hostNames, listenPlace, newToken, readDiscovery, removeDiscovery, writeDiscovery } from "./endpoint.ts";
import { createGate } from "./gate.ts";
import { type DaemonServer, listen } from "./server.ts";
import type { Services } from "./services.ts";
import { SocketReader, SocketWriter } from "./socket-transport.ts";

export type DaemonOptions = {
  readonly folder: string;
  readonly packageFolder: string;
  /** The bundled entry of worker processes. */
  readonly workerScript: string;
  readonly graceMilliseconds: number;
  readonly log: Log;
  readonly registerLanguage: RegisterLanguage;
};

export type ServerOptions = DaemonOptions & {
  /** Of 127.0.0.1; undefined takes a socket where there are any. */
  readonly port: number | undefined;
  /** Without clients and runs for so long, it ends. */
  readonly idleMilliseconds: number;
};

export type Daemon = {
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** End it; after its runs are saved. */
  readonly stop: (reason: string) => Promise<void>;
};

/** What the parts of a daemon share, with or without a door. */
export type Core = { readonly runs: Runs; readonly studio: Studio; readonly startedAt: string };

/** @param registryFile undefined: runs are not remembered */
export async function openCore(options: DaemonOptions, registryFile: string | undefined): Promise<Core> {
  const { packageFolder, workerScript, graceMilliseconds, log } = options;
  const worker = {
    script: workerScript,
    places: { packageFolder },
    log: (line: string) => log("worker", { line }),
  };
  const runs = await openRuns({ worker, registryFile, log, graceMilliseconds });
  return { runs, studio: createStudio(worker), startedAt: new Date().toISOString() };
}

/** What the daemon says of itself. */
export function statusOf({ runs, startedAt }: Core, folder: string, clients: number): DaemonStatus {
  return {
    version: loftVersion,
    protocolVersion,
    pid: process.pid,
    startedAt,
    clients,
    ...runs.counts,
    logFile: join(folder, daemonFiles.log),
  };
}

/**
 * Listen and serve. Call it only while holding the daemon's lock.
 * @param released called when another daemon may start; clients are sent away after it
 */
export async function startDaemon(options: ServerOptions, released: () => Promise<void>): Promise<Daemon> {
  const { folder, log, registerLanguage, idleMilliseconds } = options;
  const core = await openCore(options, join(folder, daemonFiles.runs));
  const { runs, studio, startedAt } = core;
  const token = newToken();
  const stopping = createStop(async (reason) => {
    log("daemon stops", { reason });
    idle.stop();
    mending.stop();
    await runs.drain();
    await studio.close();
    await removeDiscovery(folder, token);
    await released();
    await server.close();
    log("daemon stopped");
  });
  const services: Services = {
    ...core,
    log,
    status: () => statusOf(core, folder, server.connections()),
    shutdown: () => void stopping.stop("asked"),
  };
  const server: DaemonServer = await listen(
    listenPlace(folder, options.port),
    (endpoint) => createGate(token, hostNames(endpoint)),
    (socket) => serveConnection(socketTransport(socket), services, registerLanguage),
  );
  const { endpoint } = server;
  const known = { formatVersion: 1, pid: process.pid, startedAt, version: loftVersion, protocolVersion } as const;
  const isBusy = () => 0 < server.connections() + runs.counts.running + runs.counts.queued;
  const discovery: Discovery = { ...known, endpoint, token };
  await writeDiscovery(folder, discovery);
  log("daemon started", { version: loftVersion, endpoint: endpoint.kind });
  // Only now: what is not written yet cannot be removed.
  const idle = watchIdle(idleMilliseconds, isBusy, () => void stopping.stop("idle"));
  const mending = keepFindable(folder, discovery);
  return stopping;
}

function socketTransport(socket: WebSocket): Transport {
  return { reader: new SocketReader(socket), writer: new SocketWriter(socket), close: () => socket.close() };
}

/** An end that happens once, however often it is asked for. */
export function createStop(end: (reason: string) => Promise<void>): Daemon {
  let isEnded: (value: Promise<void>) => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    isEnded = resolve;
  });
  let stopping: Promise<void> | undefined;
  const stop = (reason: string) => {
    if (stopping === undefined) {
      stopping = end(reason);
      isEnded(stopping);
    }
    return stopping;
  };
  return { ended, stop };
}

/** While a daemon holds the lock no other one can start: if its file is cleaned away, nobody would find it any more. */
function keepFindable(folder: string, discovery: Discovery): { readonly stop: () => void } {
  const look = async () => {
    if ((await readDiscovery(folder))?.token !== discovery.token) await writeDiscovery(folder, discovery);
  };
  const timer = setInterval(() => void look().catch(() => undefined), 10_000);
  return { stop: () => clearInterval(timer) };
}

/** Calls `action` once nothing was busy for so long. */
function watchIdle(milliseconds: number, isBusy: () => boolean, action: () => void): { readonly stop: () => void } {
  let busyAt = performance.now();
  const look = () => {
    if (isBusy()) busyAt = performance.now();
    else if (milliseconds <= performance.now() - busyAt) action();
  };
  const timer = setInterval(look, Math.min(10_000, Math.max(20, milliseconds / 5)));
  return { stop: () => clearInterval(timer) };
}
