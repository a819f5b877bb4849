/**
 * The daemon as the rest of the extension sees it: connected on first need, found or started, met again after it was
 * lost. States and requests; knows nothing of commands and views.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Disposable, EventEmitter, l10n } from "vscode";
import {
  type DaemonStatus,
  type NotificationName,
  type Notifications,
  protocolVersion,
  type RequestName,
  type Requests,
} from "../schemas/protocol.ts";
import type { Connection, Meeting } from "./connection.ts";
import { ownDaemonFolder, readDiscovery, startDaemon } from "./daemon-process.ts";
import { describeError, errorForLog, ShownError } from "./loft-error.ts";
import type { Log } from "./log.ts";
import { findNode } from "./node-runtime.ts";
import { nodePathSetting } from "./settings.ts";
import { isOlder } from "./version-order.ts";

/** "stopped": nobody needed it yet, or it was left. "failed": several attempts came to nothing. */
export type DaemonState = "stopped" | "starting" | "ready" | "failed";

export type DaemonClientOptions = {
  readonly log: Log;
  readonly version: string;
  /** The daemon's bundle. */
  readonly script: string;
  /** False in Restricted Mode. */
  readonly isAllowed: () => boolean;
};

/** A daemon that ends may take a while to save its runs. */
const startMilliseconds = 30_000;
const retryMilliseconds = 300;
const pollMilliseconds = 50;
const backOffMilliseconds = [200, 1_000, 3_000, 8_000] as const;
/** A connection that held this long was a good one: the next loss starts with a short wait again. */
const steadyMilliseconds = 60_000;

type Listener = { readonly name: NotificationName; readonly tell: (params: never) => void };

export class DaemonClient implements Disposable {
  readonly #options: DaemonClientOptions;
  readonly #stateChanged = new EventEmitter<DaemonState>();
  readonly #listeners = new Set<Listener>();
  #state: DaemonState = "stopped";
  #connecting: Promise<Connection> | undefined;
  #connection: Connection | undefined;
  #losses = 0;
  #isDisposed = false;

  readonly onDidChangeState = this.#stateChanged.event;

  constructor(options: DaemonClientOptions) {
    this.#options = options;
  }

  get state(): DaemonState {
    return this.#state;
  }

  /** What the daemon said of itself; undefined while there is no connection. */
  get status(): DaemonStatus | undefined {
    return this.#connection?.status;
  }

  /**
   * Connect where that has not happened yet.
   * @throws ShownError "not-trusted", "node-missing", "daemon-failed", ...
   */
  ensure(): Promise<Connection> {
    if (this.#connection !== undefined) return Promise.resolve(this.#connection);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Ask the daemon, connecting first where needed. Its errors come as they are; a lost connection is told in words. */
  async request<N extends RequestName>(name: N, params: Requests[N]["params"]): Promise<Requests[N]["result"]> {
    const connection = await this.ensure();
    try {
      return await connection.request(name, params);
    } catch (error) {
      if (connection === this.#connection || "data" in Object(error)) throw error;
      throw new ShownError(
        { code: "daemon-lost", what: l10n.t("The connection to LoFT's daemon was lost."), fix: l10n.t("Try again.") },
        { cause: error },
      );
    }
  }

  /** Listen to a notification, over this connection and all later ones. */
  on<N extends NotificationName>(name: N, tell: (params: Notifications[N]) => void): Disposable {
    const listener: Listener = { name, tell };
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  /** End the daemon, running work saved, and start a new one. */
  async restart(): Promise<void> {
    const connection = this.#connection;
    if (connection !== undefined) {
      this.#setConnection(undefined, "starting");
      await connection.request("loft/shutdown", { drain: true }).catch(() => undefined);
      await connection.close();
    }
    this.#losses = 0;
    await this.ensure();
  }

  dispose(): void {
    this.#isDisposed = true;
    void this.#connection?.close();
    this.#connection = undefined;
    this.#stateChanged.dispose();
  }

  async #connect(): Promise<Connection> {
    if (!this.#options.isAllowed()) {
      throw new ShownError({
        code: "not-trusted",
        what: l10n.t("LoFT runs nothing in Restricted Mode."),
        fix: l10n.t("Trust this workspace first."),
      });
    }
    this.#setConnection(undefined, "starting");
    try {
      const connection = await this.#open();
      for (const name of notificationNames) connection.on(name, (params) => this.#tell(name, params));
      this.#setConnection(connection, "ready");
      return connection;
    } catch (error) {
      this.#setConnection(undefined, "failed");
      throw error;
    }
  }

  async #open(): Promise<Connection> {
    const { log, version } = this.#options;
    // Its own bundle: loaded when the first connection is made.
    const { openConnection } = await import("./connection.ts");
    const meeting = await this.#meetOrStart();
    const openedAt = Date.now();
    return await openConnection(meeting, {
      version,
      log,
      onClosed: () => void this.#reconnect(Date.now() - openedAt),
    });
  }

  /** The daemon that runs, unless it is older than we are; else one that we start. */
  async #meetOrStart(): Promise<Meeting> {
    const { meetDaemon, replaceDaemon } = await import("./connection.ts");
    const { log, version } = this.#options;
    const folder = ownDaemonFolder();
    const found = await readDiscovery(folder);
    const meeting = found && (await meetDaemon(found, version));
    if (meeting === undefined) return await this.#start(folder);
    const { status } = meeting;
    if (!isOlder(status.version, version)) return this.#checked(meeting);
    log.info(`The daemon ${status.version} is older than this extension (${version}) and is asked to end.`);
    await replaceDaemon(meeting);
    return await this.#start(folder);
  }

  #checked(meeting: Meeting): Meeting {
    const { status, socket } = meeting;
    if (status.protocolVersion === protocolVersion) return meeting;
    socket.terminate();
    throw new ShownError({
      code: "daemon-newer",
      what: l10n.t(
        "LoFT's daemon {0} is newer than this window's extension {1}.",
        status.version,
        this.#options.version,
      ),
      fix: l10n.t("Reload the window."),
    });
  }

  async #start(folder: string): Promise<Meeting> {
    const { log, script } = this.#options;
    const node = await findNode(nodePathSetting());
    const deadline = Date.now() + startMilliseconds;
    while (Date.now() < deadline) {
      log.info(`Starting the daemon with ${node.program}.`);
      const child = watchExit(startDaemon(script, folder, node));
      while (Date.now() < deadline && child.exitCode() === undefined) {
        const meeting = await this.#tryToMeet(folder);
        if (meeting !== undefined) return meeting;
        await Promise.race([sleep(pollMilliseconds), child.ended]);
      }
      // It ends with 0 where another one is at work, which is about to listen or about to end: look, then try again.
      if (child.exitCode() !== undefined && child.exitCode() !== 0) throw startFailed(folder, child.exitCode());
      const meeting = await this.#tryToMeet(folder);
      if (meeting !== undefined) return meeting;
      await sleep(retryMilliseconds);
    }
    throw startFailed(folder, undefined);
  }

  async #tryToMeet(folder: string): Promise<Meeting | undefined> {
    const { meetDaemon } = await import("./connection.ts");
    const found = await readDiscovery(folder);
    const meeting = found && (await meetDaemon(found, this.#options.version));
    return meeting && this.#checked(meeting);
  }

  async #reconnect(heldMilliseconds: number): Promise<void> {
    if (this.#isDisposed || this.#connection === undefined) return;
    this.#setConnection(undefined, "starting");
    if (steadyMilliseconds < heldMilliseconds) this.#losses = 0;
    const wait = backOffMilliseconds[this.#losses];
    this.#losses += 1;
    const { log } = this.#options;
    if (wait === undefined) {
      log.error("The daemon was lost several times in a row; waiting for a request to start it again.");
      this.#losses = 0;
      this.#setConnection(undefined, "failed");
      return;
    }
    log.warn(`The connection to the daemon was lost; connecting again in ${wait} ms.`);
    await sleep(wait);
    if (this.#isDisposed) return;
    await this.ensure().catch((error: unknown) => log.error(describeError(error).what, errorForLog(error)));
  }

  #tell<N extends NotificationName>(name: N, params: Notifications[N]): void {
    for (const listener of this.#listeners) if (listener.name === name) listener.tell(params as never);
  }

  #setConnection(connection: Connection | undefined, state: DaemonState): void {
    this.#connection = connection;
    if (state === this.#state || this.#isDisposed) return;
    this.#state = state;
    this.#stateChanged.fire(state);
  }
}

/** Every notification is passed on; a new one that is not named here does not compile. */
const passedOn: Readonly<Record<NotificationName, true>> = {
  "loft/runEvent": true,
  "loft/runPlanned": true,
  "loft/runChanged": true,
};
const notificationNames = Object.keys(passedOn) as NotificationName[];

type Child = { readonly exitCode: () => number | undefined; readonly ended: Promise<void> };

/** A program that cannot be started counts as one that failed. */
function watchExit(exit: Promise<number>): Child {
  let exitCode: number | undefined;
  const ended = exit.then(
    (code) => {
      exitCode = code;
    },
    () => {
      exitCode = 127;
    },
  );
  return { exitCode: () => exitCode, ended };
}

function startFailed(folder: string, exitCode: number | undefined): ShownError {
  const reason = exitCode === undefined ? "did not answer in time" : `ended with code ${exitCode}`;
  return new ShownError(
    {
      code: "daemon-failed",
      what: l10n.t("LoFT's daemon could not be started."),
      fix: l10n.t("The log says why; then try LoFT: Restart Daemon."),
    },
    { cause: new Error(`The daemon ${reason}; its output is in ${folder}.`) },
  );
}
