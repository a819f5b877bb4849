/** JSON-RPC messages on a WebSocket, one a text frame; with a limit on how fast and how far ahead a client may ask. */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from "vscode-languageserver";
import type { RawData, WebSocket } from "ws";
import { createRateLimit, type RateLimit } from "./rate-limit.ts";

export type TransportLimits = {
  /** Messages in a burst, and a second in the long run. */
  readonly burst: number;
  readonly messagesPerSecond: number;
  /** Bytes that wait to be sent before a client that does not read is dropped. */
  readonly unsentBytes: number;
};

/** Typing in a large file sends some hundred messages a second at most. */
export const transportLimits: TransportLimits = { burst: 2_000, messagesPerSecond: 500, unsentBytes: 64 * 1024 * 1024 };

/** WebSocket close codes (RFC 6455, section 7.4.1). */
const closeCodes = { protocol: 1002, unsupported: 1003, notJson: 1007, tooMuch: 1008 } as const;

/** Reads messages; anything else closes the socket, since a client of ours sends nothing else. */
export class SocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;
  readonly #rate: RateLimit;

  constructor(socket: WebSocket, limits: TransportLimits = transportLimits) {
    super();
    this.#socket = socket;
    this.#rate = createRateLimit(limits.burst, limits.messagesPerSecond);
  }

  listen(callback: DataCallback): Disposable {
    const onMessage = (data: RawData, isBinary: boolean) => {
      const message = isBinary ? undefined : parseMessage(String(data));
      if (isBinary) this.#socket.close(closeCodes.unsupported);
      else if (!this.#rate.take()) this.#socket.close(closeCodes.tooMuch);
      else if (message === undefined) this.#socket.close(closeCodes.notJson);
      else this.#pass(message, callback);
    };
    this.#socket.on("message", onMessage);
    this.#socket.on("error", (error) => this.fireError(error));
    this.#socket.on("close", () => this.fireClose());
    return { dispose: () => this.#socket.off("message", onMessage) };
  }

  /** The protocol's own messages are read unchecked and may throw; nothing of this client can be trusted then. */
  #pass(message: Message, callback: DataCallback): void {
    try {
      callback(message);
    } catch {
      this.#socket.close(closeCodes.protocol);
    }
  }
}

/** Writes messages; a client that does not read them is dropped before its messages fill the memory. */
export class SocketWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: WebSocket;
  readonly #limits: TransportLimits;

  constructor(socket: WebSocket, limits: TransportLimits = transportLimits) {
    super();
    this.#socket = socket;
    this.#limits = limits;
  }

  async write(message: Message): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#limits.unsentBytes < this.#socket.bufferedAmount) {
      this.#socket.terminate();
      return;
    }
    // Waiting for the system would let answers pile up behind one slow client's.
    this.#socket.send(JSON.stringify(message), () => undefined);
  }

  end(): void {
    this.#socket.close();
  }
}

/** A JSON-RPC 2.0 message; undefined for any other text. Batches are none of LSP's. */
function parseMessage(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { jsonrpc, method, id, params } = value as Readonly<Record<string, unknown>>;
  const hasId = typeof id === "string" || Number.isSafeInteger(id);
  const isCall = typeof method === "string" && (id === undefined || hasId) && isParams(params);
  const isAnswer = method === undefined && (hasId || id === null) && ("result" in value || "error" in value);
  return jsonrpc === "2.0" && (isCall || isAnswer);
}

function isParams(params: unknown): boolean {
  return params === undefined || params === null || typeof params === "object";
}
