/**
 * How a client finds the daemon of this user on this machine, and how the two talk on the wire. A daemon writes
 * `daemon.json` into the daemon folder once it listens, readable by its user alone, and removes it when it ends.
 *
 * A client reads it, opens a WebSocket to the endpoint with the header `Authorization: Bearer TOKEN` and without an
 * `Origin`, and sends `loft/hello`. Each JSON-RPC message is one text frame, without LSP's `Content-Length` header.
 * Where the file is missing, or nothing answers at its endpoint, the client starts a daemon (`node dist/daemon.js`,
 * detached) and reads the file again: of several that are started at once exactly one stays, the others exit with 0.
 * A number of a process alone says nothing: numbers are used again. Only an answer to `loft/hello` shows a daemon.
 */

/** Where the daemon listens: a Unix socket or Windows named pipe, or a port of 127.0.0.1. */
export type DaemonEndpoint =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: "127.0.0.1"; readonly port: number };

/** What `daemon.json` holds. */
export type Discovery = {
  readonly formatVersion: 1;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endpoint: DaemonEndpoint;
  /** 256 random bits, 64 hexadecimal digits; another one at each start. */
  readonly token: string;
  /** Of LoFT. */
  readonly version: string;
  readonly protocolVersion: number;
};

/** Files in the daemon folder. */
export const daemonFiles = {
  discovery: "daemon.json",
  /** Held by the one daemon that listens. */
  lock: "daemon.lock",
  socket: "daemon.sock",
  /** JSON lines. */
  log: "daemon.log",
  /** What a daemon writes to its streams when it fails to start. */
  output: "daemon.out",
  /** The runs that were started, so that a later daemon finds them. */
  runs: "runs.json",
} as const;

/** Another daemon folder: for tests, and for whoever wants several daemons. */
export const daemonFolderVariable = "LOFT_DAEMON_DIR";

/** Longer paths are no socket: systems allow 104 to 108 bytes with the closing zero. */
export const longestSocketPath = 100;

/**
 * The daemon folder. Homes may be shared between machines, so that on Linux it carries the machine's name.
 * XDG Base Directory Specification 0.8 (state), Apple's and Microsoft's conventions elsewhere.
 * @param home the user's home folder
 */
export function daemonFolder(
  environment: Readonly<Record<string, string | undefined>>,
  { home, hostname, platform }: { readonly home: string; readonly hostname: string; readonly platform: string },
): string {
  const chosen = environment[daemonFolderVariable]?.trim();
  if (chosen !== undefined && chosen !== "") return chosen;
  if (platform === "win32") return `${environment.LOCALAPPDATA || `${home}\\AppData\\Local`}\\loft\\daemon`;
  if (platform === "darwin") return `${home}/Library/Application Support/loft/daemon`;
  const machine = hostname.replace(/[^A-Za-z0-9.-]/g, "-").slice(0, 40) || "local";
  return `${environment.XDG_STATE_HOME || `${home}/.local/state`}/loft/${machine}`;
}
