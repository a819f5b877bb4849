/** Where the daemon listens and how it is found: its folder, the one daemon's lock, and `daemon.json`. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type DaemonEndpoint, type Discovery, daemonFiles, longestSocketPath } from "../../schemas/discovery.ts";
import { writeError, writeFileAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";

/**
 * Make the daemon folder, for its user alone.
 * @throws LoftError "output-unwritable" when it cannot be, or belongs to somebody else
 */
export async function prepareDaemonFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (process.platform === "win32") return;
    const { uid, mode } = await stat(folder);
    if (uid !== process.getuid?.()) throw foreignFolder(folder);
    if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
  } catch (error) {
    throw writeError(error, folder);
  }
}

/** 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString("hex");
}

/** Where to listen. With a port, on that one of 127.0.0.1 (0: any free one); so too where paths are too long for sockets. */
export type ListenPlace = { readonly path: string } | { readonly host: "127.0.0.1"; readonly port: number };

/** Choose the place to listen. A named pipe of Windows gets a name that nobody can take before. */
export function listenPlace(folder: string, port: number | undefined): ListenPlace {
  if (port !== undefined) return { host: "127.0.0.1", port };
  if (process.platform === "win32") return { path: `\\\\.\\pipe\\loft-${sha256(folder + newToken()).slice(0, 32)}` };
  const path = join(folder, daemonFiles.socket);
  return Buffer.byteLength(path) <= longestSocketPath ? { path } : { host: "127.0.0.1", port: 0 };
}

/** The names of this daemon in `Host`; Node sends "localhost" over sockets. */
export function hostNames(endpoint: DaemonEndpoint): readonly string[] {
  if (endpoint.kind === "socket") return ["localhost"];
  return [`127.0.0.1:${endpoint.port}`, `localhost:${endpoint.port}`];
}

/** Tell clients where the daemon is; readable by its user alone. */
export async function writeDiscovery(folder: string, discovery: Discovery): Promise<void> {
  // No process is started here that could inherit the mask.
  const mask = process.umask(0o077);
  try {
    await writeFileAtomic(join(folder, daemonFiles.discovery), `${JSON.stringify(discovery, null, 2)}\n`);
  } finally {
    process.umask(mask);
  }
}

/** What `daemon.json` says; undefined when it is missing or not one. */
export async function readDiscovery(folder: string): Promise<Discovery | undefined> {
  const text = await readFile(join(folder, daemonFiles.discovery), "utf8").catch(() => "");
  try {
    const value = JSON.parse(text) as Partial<Discovery> | null;
    const isKnown =
      value?.formatVersion === 1 && isEndpoint(value.endpoint) && /^[0-9a-f]{64}$/.test(value.token ?? "");
    return isKnown ? (value as Discovery) : undefined;
  } catch {
    return undefined;
  }
}

/** Remove what this daemon put there; another one's is left alone. */
export async function removeDiscovery(folder: string, token: string): Promise<void> {
  const found = await readDiscovery(folder);
  if (found?.token !== token) return;
  await rm(join(folder, daemonFiles.discovery), { force: true });
  if (found.endpoint.kind === "socket" && process.platform !== "win32") await rm(found.endpoint.path, { force: true });
}

function isEndpoint(value: unknown): value is DaemonEndpoint {
  const { kind, path, host, port } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === "socket") return typeof path === "string" && path !== "";
  return kind === "tcp" && host === "127.0.0.1" && Number.isInteger(port);
}

function foreignFolder(folder: string) {
  return loftError("output-unwritable", {
    what: `The daemon's folder ${folder} belongs to another user.`,
    fix: "Set LOFT_DAEMON_DIR to a folder of your own.",
  });
}
