/** One WebSocket to the daemon: opened with the token, greeted, and wrapped as the transports of JSON-RPC. */
import { connect } from "node:net";
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageTransports,
} from "vscode-languageclient";
import { type ClientOptions, WebSocket } from "ws";
import type { DaemonEndpoint, Discovery } from "../schemas/discovery.ts";
import { protocolVersion, type RequestName, type Requests } from "../schemas/protocol.ts";

const openMilliseconds = 5_000;
const answerMilliseconds = 10_000;

/** Rejects when nothing answers at the endpoint. */
export function openSocket({ endpoint, token }: Discovery): Promise<WebSocket> {
  const { url, options } = addressOf(endpoint);
  const socket = new WebSocket(url, {
    ...options,
    headers: { Authorization: `Bearer ${token}` },
    handshakeTimeout: openMilliseconds,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

/**
 * Sockets and named pipes are connected to by their path as it is: in an address, spaces and umlauts would be encoded.
 * The address still says that it is a socket, or an editor's proxy would take the request over.
 */
function addressOf(endpoint: DaemonEndpoint): { readonly url: string; readonly options: ClientOptions } {
  if (endpoint.kind === "tcp") return { url: `ws://${endpoint.host}:${endpoint.port}/`, options: {} };
  return { url: "ws+unix:///daemon:/", options: { createConnection: () => connect(endpoint.path) } };
}

/**
 * Say hello before anything else: only the answer shows that a daemon listens, and which one.
 * @throws when there is no answer in time, or the daemon refuses
 */
export function sayHello(socket: WebSocket, version: string): Promise<Requests["loft/hello"]["result"]> {
  return askOnce(socket, "loft/hello", { version, protocolVersion });
}

/** Ask a daemon to end, and wait until it closed the connection. */
export async function askToEnd(socket: WebSocket): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const asked = askOnce(socket, "loft/shutdown", { drain: true });
  await Promise.race([closed, asked.then(() => closed)]);
}

/** One request on a socket that nothing else reads yet; other messages are dropped. */
function askOnce<N extends RequestName>(
  socket: WebSocket,
  method: N,
  params: Requests[N]["params"],
): Promise<Requests[N]["result"]> {
  return new Promise((resolve, reject) => {
    const finish = (outcome: () => void): void => {
      clearTimeout(timer);
      socket.off("message", onMessage);
      socket.off("close", onClose);
      outcome();
    };
    const onMessage = (data: unknown): void => {
      const answer: { id?: unknown; result?: Requests[N]["result"]; error?: { message: string } } = JSON.parse(
        String(data),
      );
      if (answer.id !== method) return;
      const { error, result } = answer;
      if (error === undefined) finish(() => resolve(result as Requests[N]["result"]));
      else finish(() => reject(Object.assign(new Error(error.message), error)));
    };
    const onClose = (): void => finish(() => reject(new Error(`The daemon closed the connection before ${method}.`)));
    const timer = setTimeout(
      () => finish(() => reject(new Error(`The daemon did not answer ${method} in time.`))),
      answerMilliseconds,
    );
    socket.on("message", onMessage);
    socket.once("close", onClose);
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: method, method, params }));
  });
}

/** Each message is one text frame. */
export function transportsOf(socket: WebSocket): MessageTransports {
  return { reader: new SocketReader(socket), writer: new SocketWriter(socket) };
}

class SocketReader extends AbstractMessageReader {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on("error", (error) => this.fireError(error));
    socket.on("close", () => this.fireClose());
  }

  listen(callback: DataCallback): Disposable {
    const onMessage = (data: unknown): void => {
      try {
        callback(JSON.parse(String(data)) as Message);
      } catch (error) {
        this.fireError(error);
      }
    };
    this.#socket.on("message", onMessage);
    return { dispose: () => void this.#socket.off("message", onMessage) };
  }
}

class SocketWriter extends AbstractMessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  write(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => {
        if (error === undefined || error === null) return resolve();
        this.fireError(error, message);
        reject(error);
      });
    });
  }

  end(): void {
    this.#socket.close();
  }
}
