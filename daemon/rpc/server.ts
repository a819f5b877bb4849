/** The daemon's door: an HTTP server that knows nothing but the upgrade to a WebSocket, for those the gate lets in. */
import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { DaemonEndpoint } from "../../schemas/discovery.ts";
import type { ListenPlace } from "./endpoint.ts";
import { type Gate, refusal } from "./gate.ts";

export type ServerLimits = {
  readonly connections: number;
  /** Bytes of one message. */
  readonly payload: number;
};

/** A window has one connection; nothing that is meant well opens more. */
export const serverLimits: ServerLimits = { connections: 200, payload: 16 * 1024 * 1024 };

export type DaemonServer = {
  readonly endpoint: DaemonEndpoint;
  readonly connections: () => number;
  /** Tell all clients and stop listening. */
  readonly close: () => Promise<void>;
};

/** Milliseconds for a request's head to arrive. */
const headPatience = 5_000;

/** "Going away": the daemon ends. */
const goingAway = 1001;

/**
 * Listen, and hand each socket that may come in to `onSocket`.
 * @param gateOf the gate once the endpoint is known
 */
export async function listen(
  place: ListenPlace,
  gateOf: (endpoint: DaemonEndpoint) => Gate,
  onSocket: (socket: WebSocket) => void,
  limits: ServerLimits = serverLimits,
): Promise<DaemonServer> {
  const server = createServer({
    headersTimeout: headPatience,
    requestTimeout: headPatience,
    connectionsCheckingInterval: headPatience,
    maxHeaderSize: 8 * 1024,
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.payload, perMessageDeflate: false });
  // Refused ones are closed at once; this bounds those that say nothing.
  server.maxConnections = limits.connections + 50;
  if ("path" in place && process.platform !== "win32") await rm(place.path, { force: true });
  await listening(server, place);
  if ("path" in place && process.platform !== "win32") await chmod(place.path, 0o600);
  const endpoint = endpointOf(server, place);
  const gate = gateOf(endpoint);
  server.on("request", (_, response) => response.writeHead(404, { connection: "close", "content-length": 0 }).end());
  server.on("clientError", (_, socket) => refuse(socket, 400));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const status = refusal(gate, request) ?? (limits.connections <= sockets.clients.size ? 503 : undefined);
    if (status !== undefined) refuse(socket, status);
    else sockets.handleUpgrade(request, socket, head, (opened) => onSocket(opened));
  });
  return {
    endpoint,
    connections: () => sockets.clients.size,
    close: () => closeAll(server, sockets),
  };
}

function listening(server: Server, place: ListenPlace): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(place, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function endpointOf(server: Server, place: ListenPlace): DaemonEndpoint {
  if ("path" in place) return { kind: "socket", path: place.path };
  return { kind: "tcp", host: place.host, port: (server.address() as AddressInfo).port };
}

/** A status and nothing else: who is refused learns nothing. */
function refuse(socket: Duplex, status: number): void {
  if (socket.writable) {
    const answer = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    socket.end(answer, () => socket.destroy());
  } else socket.destroy();
}

async function closeAll(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.close(goingAway);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
  }, 500);
  await closed;
  clearTimeout(timer);
}
