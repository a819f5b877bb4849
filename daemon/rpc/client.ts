/** The daemon from the other side: found, started where it is missing, greeted; used by the command line and by tests. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { connect } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createProtocolConnection, type ProtocolConnection, ResponseError } from "vscode-languageserver/node";
import { type ClientOptions, WebSocket } from "ws";
import { type DaemonEndpoint, type Discovery, daemonFiles } from "../../schemas/discovery.ts";
import {
  type LoftErrorData,
  type NotificationName,
  type Notifications,
  protocolVersion,
  type RequestName,
  type Requests,
} from "../../schemas/protocol.ts";
import { LoftError, loftError } from "../base/errors.ts";
import { loftVersion } from "../base/version.ts";
import { prepareDaemonFolder, readDiscovery } from "./endpoint.ts";
import { SocketReader, SocketWriter } from "./socket-transport.ts";

export type DaemonClient = {
  readonly discovery: Discovery;
  /** Rejects with LoftError: what the daemon says, or "daemon-unreachable" when it is gone. */
  readonly request: <Name extends RequestName>(
    name: Name,
    params: Requests[Name]["params"],
  ) => Promise<Requests[Name]["result"]>;
  readonly on: <Name extends NotificationName>(name: Name, listener: (params: Notifications[Name]) => void) => void;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  readonly close: () => void;
};

export type ConnectOptions = {
  /** The daemon folder. */
  readonly folder: string;
  /** The daemon's bundle, to start one where none answers; undefined only looks. */
  readonly script?: string;
  readonly args?: readonly string[];
};

const openMilliseconds = 5_000;
const startMilliseconds = 15_000;

/**
 * The daemon of a folder, greeted; undefined when there is none and none may be started. A daemon of an older protocol
 * saves its runs and gives way where another may be started.
 * @throws LoftError "daemon-unreachable" when it does not start, "daemon-version"
 */
export async function connectDaemon(options: ConnectOptions): Promise<DaemonClient | undefined> {
  const { folder, script } = options;
  const found = await meet(folder, script !== undefined);
  if (found !== undefined || script === undefined) return found;
  await prepareDaemonFolder(folder);
  startDetached(folder, script, options.args ?? []);
  const until = performance.now() + startMilliseconds;
  for (let pause = 20; performance.now() < until; pause = Math.min(200, pause * 1.5)) {
    await sleep(pause);
    const client = await meet(folder, true);
    if (client !== undefined) return client;
  }
  throw loftError("daemon-unreachable", {
    what: "The daemon did not start.",
    fix: `See ${join(folder, daemonFiles.output)} and ${join(folder, daemonFiles.log)}.`,
  });
}

/** Open a connection without a greeting. Rejects with plain errors when nobody answers, or the gate refuses. */
export async function openClient(discovery: Discovery): Promise<DaemonClient> {
  const socket = await openSocket(discovery);
  const connection = createProtocolConnection(new SocketReader(socket), new SocketWriter(socket));
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  connection.onError(() => undefined);
  connection.listen();
  closed.then(() => connection.dispose()).catch(() => undefined);
  return {
    discovery,
    request: (name, params) => request(connection, closed, name, params),
    on: (name, listener) => void connection.onNotification(name, listener),
    closed,
    close: () => socket.close(),
  };
}

/**
 * Sockets and named pipes are connected to by their path as it is: in an address, spaces and umlauts would be encoded.
 * The address still says that it is a socket, or an editor's proxy would take the request over.
 */
function addressOf(endpoint: DaemonEndpoint): { readonly url: string; readonly options: ClientOptions } {
  if (endpoint.kind === "tcp") return { url: `ws://${endpoint.host}:${endpoint.port}/`, options: {} };
  return { url: "ws+unix:///daemon:/", options: { createConnection: () => connect(endpoint.path) } };
}

async function meet(folder: string, mayReplace: boolean): Promise<DaemonClient | undefined> {
  const discovery = await readDiscovery(folder);
  const client = discovery === undefined ? undefined : await openClient(discovery).catch(() => undefined);
  if (discovery === undefined || client === undefined) return undefined;
  try {
    await client.request("loft/hello", { version: loftVersion, protocolVersion });
    return client;
  } catch (error) {
    const isOlder = discovery.protocolVersion < protocolVersion;
    const isVersion = error instanceof LoftError && error.code === "daemon-version";
    if (isVersion && isOlder && mayReplace) {
      await client.request("loft/shutdown", { drain: true }).catch(() => undefined);
      await client.closed;
      return undefined;
    }
    client.close();
    if (error instanceof LoftError && error.code === "daemon-unreachable") return undefined;
    throw error;
  }
}

function openSocket({ endpoint, token }: Discovery): Promise<WebSocket> {
  const { url, options } = addressOf(endpoint);
  const socket = new WebSocket(url, {
    ...options,
    headers: { Authorization: `Bearer ${token}` },
    handshakeTimeout: openMilliseconds,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.once("open", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

async function request<Name extends RequestName>(
  connection: ProtocolConnection,
  closed: Promise<void>,
  name: Name,
  params: Requests[Name]["params"],
): Promise<Requests[Name]["result"]> {
  const gone = closed.then(() => {
    throw unreachable();
  });
  try {
    return await Promise.race([connection.sendRequest<Requests[Name]["result"]>(name, params), gone]);
  } catch (error) {
    const data = error instanceof ResponseError ? (error.data as LoftErrorData | undefined) : undefined;
    if (data?.code !== undefined) throw new LoftError(data.code as LoftError["code"], data);
    throw error instanceof ResponseError ? error : unreachable(error);
  }
}

/** A daemon outlives whoever started it: its own group, a file for its streams, no folder that somebody may delete. */
function startDetached(folder: string, script: string, args: readonly string[]): void {
  const output = openSync(join(folder, daemonFiles.output), "a", 0o600);
  const stdio = ["ignore", output, output] as const;
  const child = spawn(process.execPath, [script, ...args], {
    cwd: homedir(),
    detached: true,
    windowsHide: true,
    stdio: [...stdio],
  });
  // A daemon that cannot be started is noticed by its silence.
  child.on("error", () => undefined);
  child.unref();
  closeSync(output);
}

function unreachable(cause?: unknown): LoftError {
  return loftError("daemon-unreachable", {
    what: "The connection with the daemon ended.",
    fix: "Run the same command again: runs that were at work are saved and go on.",
    cause,
  });
}
