/** Who may open a connection: decided from the request's head alone, before anything is upgraded. Pure. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export type Gate = {
  /** SHA-256 of the token, so that comparing takes the same time for any guess. */
  readonly tokenHash: Buffer;
  /** Values of `Host` that mean this daemon; any other name was pointed here by somebody else (DNS rebinding). */
  readonly hosts: ReadonlySet<string>;
};

export type GateRequest = {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values as they came, in turn: a header given twice is told apart here. */
  readonly rawHeaders: readonly string[];
};

/** The only path there is. */
export const daemonPath = "/";

/** A gate for a token and the host names of an endpoint. */
export function createGate(token: string, hosts: readonly string[]): Gate {
  return { tokenHash: hashOf(token), hosts: new Set(hosts) };
}

/**
 * Why a request to open a WebSocket is refused, as an HTTP status; undefined lets it in. Browsers always send `Origin`,
 * our clients never do.
 */
export function refusal(gate: Gate, { method, url, headers, rawHeaders }: GateRequest): number | undefined {
  if (method !== "GET") return 405;
  if (headers.origin !== undefined || hasHeader(rawHeaders, "sec-fetch-site")) return 403;
  if (headers.host === undefined || !gate.hosts.has(headers.host.toLowerCase())) return 403;
  if (countHeader(rawHeaders, "authorization") !== 1 || countHeader(rawHeaders, "host") !== 1) return 401;
  if (!isToken(gate, headers.authorization)) return 401;
  return url === daemonPath ? undefined : 404;
}

function isToken({ tokenHash }: Gate, authorization: string | undefined): boolean {
  const token = /^Bearer ([0-9a-f]{64})$/.exec(authorization ?? "")?.[1];
  return timingSafeEqual(hashOf(token ?? ""), tokenHash) && token !== undefined;
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function hasHeader(rawHeaders: readonly string[], name: string): boolean {
  return 0 < countHeader(rawHeaders, name);
}

function countHeader(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}
