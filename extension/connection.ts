/**
 * One connection of this window to the daemon, carrying the language server and our own requests. A bundle of its own,
 * because the language client is many times larger than the rest of the extension and is not needed to activate it.
 */
import type { TextDocument } from "vscode";
import {
  BaseLanguageClient,
  CloseAction,
  ErrorAction,
  type LanguageClientOptions,
  type MessageTransports,
  type Middleware,
  RevealOutputChannelOn,
} from "vscode-languageclient";
import type { WebSocket } from "ws";
// JSON-RPC's timers and encodings for Node: without them the language client cannot speak.
import "vscode-jsonrpc/node";
import type { Discovery } from "../schemas/discovery.ts";
import {
  type DaemonStatus,
  longestConfig,
  type NotificationName,
  type Notifications,
  protocolVersion,
  type RequestName,
  type Requests,
} from "../schemas/protocol.ts";
import type { Log } from "./log.ts";
import { askToEnd, openSocket, sayHello, transportsOf } from "./web-socket.ts";

export type Connection = {
  /** What the daemon said of itself when we met. */
  readonly status: DaemonStatus;
  request<N extends RequestName>(name: N, params: Requests[N]["params"]): Promise<Requests[N]["result"]>;
  /** Ends when the connection does. */
  on<N extends NotificationName>(name: N, listener: (params: Notifications[N]) => void): void;
  /** Leave; the daemon stays. */
  close(): Promise<void>;
};

const startMilliseconds = 20_000;

/** A daemon that answers, whatever its version. */
export type Meeting = { readonly socket: WebSocket; readonly status: DaemonStatus };

/** Undefined when nothing answers as a daemon there. */
export async function meetDaemon(discovery: Discovery, version: string): Promise<Meeting | undefined> {
  let socket: WebSocket | undefined;
  try {
    socket = await openSocket(discovery);
    return { socket, status: await sayHello(socket, version) };
  } catch (error) {
    socket?.terminate();
    if (isRefusal(error)) throw error;
    return undefined;
  }
}

/** Ask a daemon of another version to save its runs and end; resolves when it has. */
export async function replaceDaemon({ socket }: Meeting): Promise<void> {
  await askToEnd(socket);
}

/**
 * The language client on a socket that was greeted.
 * @param onClosed called once when the connection ends without `close`
 */
export async function openConnection(
  { socket, status }: Meeting,
  { version, log, onClosed }: { readonly version: string; readonly log: Log; readonly onClosed: () => void },
): Promise<Connection> {
  let wasClosed = false;
  const client = new SocketClient(socket, log, () => {
    if (!wasClosed) onClosed();
  });
  await startInTime(client, socket);
  log.info(`Connected to the daemon ${status.version} (process ${status.pid}), extension ${version}.`);
  return {
    status,
    request: (name, params) => client.sendRequest(name, params),
    on: (name, listener) => void client.onNotification(name, listener),
    close: async () => {
      wasClosed = true;
      await client.dispose(2_000).catch(() => undefined);
      socket.terminate();
    },
  };
}

/** The client itself would wait forever for an answer that does not come. */
async function startInTime(client: SocketClient, socket: WebSocket): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("The daemon did not answer initialize in time.")), startMilliseconds);
  });
  try {
    await Promise.race([client.start(), late]);
  } catch (error) {
    socket.terminate();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

class SocketClient extends BaseLanguageClient {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, log: Log, onClosed: () => void) {
    super("loft", "LoFT", clientOptions(log, onClosed));
    this.#socket = socket;
  }

  protected override createMessageTransports(): Promise<MessageTransports> {
    return Promise.resolve(transportsOf(this.#socket));
  }
}

/** A closed connection is mended by whoever opened it, with a new client: never restarted in here. */
function clientOptions(log: Log, onClosed: () => void): LanguageClientOptions {
  return {
    documentSelector: [{ language: "loft", scheme: "file" }],
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: { protocolVersion },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        onClosed();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    initializationFailedHandler: () => false,
    middleware: leaveOutLong(log),
  };
}

/**
 * A message that is too long would end the connection, for all documents and again after each reconnection. A document
 * that once was too long stays left out until it is opened anew: the daemon missed changes of it.
 */
function leaveOutLong(log: Log): Middleware {
  const leftOut = new Set<string>();
  const isLeftOut = (document: TextDocument): boolean => {
    const key = document.uri.toString();
    if (leftOut.has(key) || document.getText().length <= longestConfig) return leftOut.has(key);
    leftOut.add(key);
    log.warn(`${key} has more than ${longestConfig} characters and is left alone until it is opened again.`);
    return true;
  };
  return {
    didOpen: async (document, next) => {
      leftOut.delete(document.uri.toString());
      if (!isLeftOut(document)) await next(document);
    },
    didChange: async (event, next) => {
      if (!isLeftOut(event.document)) await next(event);
    },
  };
}

/** The daemon is there and said no: starting another one would not help. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && "data" in error && "code" in error;
}
