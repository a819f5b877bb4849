/**
 * The daemon as a process. Without options it serves all editor windows and commands of one user on this machine over
 * WebSocket, and outlives them; with `--stdio` it is a language server for the one client that started it.
 *
 *   node dist/daemon.js [--port PORT] [--idle-seconds SECONDS] [--grace-seconds SECONDS]
 *   node dist/daemon.js --stdio
 */
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { daemonFiles, daemonFolder } from "../schemas/discovery.ts";
import { removeTornFiles } from "./base/atomic-file.ts";
import { LoftError, loftError } from "./base/errors.ts";
import { type Log, openLog } from "./base/log.ts";
import { type ProcessLock, takeLock } from "./base/process-lock.ts";
import type { ConfigFacts } from "./config/facts.ts";
import { configFacts } from "./jobs/config-facts.ts";
import { registerLanguageServer } from "./lsp/server.ts";
import { serveConnection } from "./rpc/connection.ts";
import { createStop, type Daemon, type DaemonOptions, openCore, startDaemon, statusOf } from "./rpc/daemon.ts";
import { prepareDaemonFolder } from "./rpc/endpoint.ts";
import type { Services } from "./rpc/services.ts";

type Options = {
  readonly isStdio: boolean;
  readonly port: number | undefined;
  readonly idleSeconds: number;
  readonly graceSeconds: number;
};

/** Run the daemon of this process to its end. */
async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  const folder = daemonFolder(process.env, { home: homedir(), hostname: hostname(), platform: process.platform });
  const prepared = prepareDaemonFolder(folder);
  // A language server is of use without a folder to log into.
  await (options.isStdio ? prepared.catch(() => undefined) : prepared);
  const log = openLog(join(folder, daemonFiles.log));
  const daemonOptions = optionsOf(options, folder, log);
  const daemon = options.isStdio ? await serveStdio(daemonOptions) : await serveSockets(daemonOptions, options);
  if (daemon === undefined) return;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void daemon.stop(signal));
  process.on("uncaughtException", (error) => log("uncaught", { error: error.stack ?? String(error) }));
  process.on("unhandledRejection", (error) => log("unhandled", { error: String(error) }));
  await daemon.ended;
  // Sockets that were sent away may linger.
  process.exit(0);
}

/** Undefined where another daemon is at work already: there is nothing to do. */
async function serveSockets(options: DaemonOptions, { port, idleSeconds }: Options): Promise<Daemon | undefined> {
  const lock = await takeDaemonLock(options.folder);
  if (lock === undefined) return undefined;
  try {
    await removeTornFiles(options.folder);
    return await startDaemon({ ...options, port, idleMilliseconds: idleSeconds * 1000 }, lock.release);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function takeDaemonLock(folder: string): Promise<ProcessLock | undefined> {
  const refusal = () => loftError("daemon-busy", { what: "Another daemon is at work.", fix: "Use that one." });
  try {
    return await takeLock(join(folder, daemonFiles.lock), refusal);
  } catch (error) {
    if (error instanceof LoftError && error.code === "daemon-busy") return undefined;
    throw error;
  }
}

/** Runs of a client that leaves are saved; the daemon's list of runs stays as it is, since a daemon may be writing it. */
async function serveStdio(options: DaemonOptions): Promise<Daemon> {
  const { folder, log, registerLanguage } = options;
  const core = await openCore(options, undefined);
  const stopping = createStop(async () => {
    await core.runs.drain();
    await core.studio.close();
  });
  const stop = () => void stopping.stop("the client left");
  const status = () => statusOf(core, folder, 1);
  const transport = {
    reader: new StreamMessageReader(process.stdin),
    writer: new StreamMessageWriter(process.stdout),
    close: stop,
  };
  process.stdin.on("close", stop);
  process.stdout.on("error", stop);
  serveConnection(transport, { ...core, log, status, shutdown: stop }, registerLanguage);
  return stopping;
}

function optionsOf({ graceSeconds }: Options, folder: string, log: Log): DaemonOptions {
  // This file is bundled to dist/daemon.js, beside dist/worker.js.
  const bundles = dirname(fileURLToPath(import.meta.url));
  const packageFolder = dirname(bundles);
  return {
    folder,
    packageFolder,
    workerScript: join(bundles, "worker.js"),
    graceMilliseconds: graceSeconds * 1000,
    log,
    registerLanguage: (connection, services) => registerLanguageServer(connection, factsOf(packageFolder, services)),
  };
}

/** What the language server is told of disk and machine. While a run works, a measurement would measure the run. */
function factsOf(packageFolder: string, { runs, studio }: Services): ConfigFacts {
  const places = {
    modelsFolder: join(packageFolder, "models"),
    schemaFile: join(packageFolder, "schemas", "loft.schema.json"),
  };
  return configFacts(places, async (config, signal) => {
    if (0 < runs.counts.running) return undefined;
    return studio.perform("planCost", { config }, signal).catch(() => undefined);
  });
}

/** Unknown options are left alone: clients of language servers add their own. */
function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      stdio: { type: "boolean" },
      port: { type: "string" },
      "idle-seconds": { type: "string" },
      "grace-seconds": { type: "string" },
    },
  });
  const port = values.port === undefined ? undefined : numberOption("port", values.port, 65_535);
  return {
    isStdio: values.stdio === true,
    port,
    idleSeconds: numberOption("idle-seconds", values["idle-seconds"] ?? "900", 1e9),
    graceSeconds: numberOption("grace-seconds", values["grace-seconds"] ?? "10", 1e6),
  };
}

function numberOption(name: string, text: string | boolean, most: number): number {
  const value = typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
  if (Number.isFinite(value) && 0 <= value && value <= most) return value;
  throw loftError("usage-invalid", {
    what: `--${name} must be a number from 0 to ${most}.`,
    fix: `Give it as --${name} NUMBER, or leave it out.`,
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const text = error instanceof LoftError ? `error[${error.code}]: ${error.what}\nfix: ${error.fix}` : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
