/** The daemon as a process: its discovery file, and starting it. Knows nothing of what is said to it. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { type DaemonEndpoint, type Discovery, daemonFiles, daemonFolder } from "../schemas/discovery.ts";
import { type NodeRuntime, plainEnvironment } from "./node-runtime.ts";

/** The folder of this user's daemon. */
export function ownDaemonFolder(): string {
  return daemonFolder(process.env, { home: homedir(), hostname: hostname(), platform: process.platform });
}

/** Undefined where no daemon has written one, or the file is not what we know. */
export async function readDiscovery(folder: string): Promise<Discovery | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, daemonFiles.discovery), "utf8"));
    return isDiscovery(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Start a daemon that outlives this window: its own process group, streams to a file, no folder of the user's as
 * working directory. Of several started at once one stays.
 * @returns resolves with the exit code when the process ends; nothing waits for it otherwise
 */
export function startDaemon(script: string, folder: string, { program, environment }: NodeRuntime): Promise<number> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const output = openSync(join(folder, daemonFiles.output), "a", 0o600);
  const child = spawn(program, [script], {
    cwd: homedir(),
    detached: true,
    env: { ...plainEnvironment(), ...environment },
    stdio: ["ignore", output, output],
    windowsHide: true,
  });
  closeSync(output);
  child.unref();
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

function isDiscovery(value: unknown): value is Discovery {
  if (typeof value !== "object" || value === null) return false;
  const { formatVersion, token, version, protocolVersion, endpoint } = value as Partial<Discovery>;
  const texts = [token, version].every((text) => typeof text === "string");
  return formatVersion === 1 && texts && typeof protocolVersion === "number" && isEndpoint(endpoint);
}

function isEndpoint(endpoint: DaemonEndpoint | undefined): boolean {
  if (endpoint?.kind === "socket") return typeof endpoint.path === "string";
  return endpoint?.kind === "tcp" && endpoint.host === "127.0.0.1" && Number.isInteger(endpoint.port);
}
