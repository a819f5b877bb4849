/**
 * One request to a model server: redirects by our own rules, a limit on silence, and failures as errors a user can act on.
 * Knows nothing of repositories or files.
 */
import { LoftError, loftError } from "../base/errors.ts";

export type HubConnection = {
  /** Address of the server, without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** Seconds without a byte after which an attempt counts as failed. */
  readonly timeoutSeconds: number;
  /** Seconds to wait before each repetition of a failed attempt; as many repetitions as entries. */
  readonly retryDelays: readonly number[];
  readonly signal: AbortSignal;
};

export type HubAnswer = {
  readonly status: number;
  readonly headers: Headers;
  /** The hash that the endpoint itself names for a large file, before it redirects to where the bytes are. */
  readonly linkedHash: string | undefined;
  /** The body, piece by piece; ends early with "hub-unreachable" when the connection is cut or silent. */
  readonly body: AsyncGenerator<Uint8Array>;
  /** Hang up without reading the body. */
  readonly discard: () => Promise<void>;
};

/** Repetitions of a failed attempt: enough for a restarting router, not for a dead one. */
export const usualRetryDelays: readonly number[] = [1, 2, 4, 8, 15];

const mostRedirects = 8;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/**
 * GET an address.
 * @throws LoftError "hub-unreachable", "hub-failing" (both may pass), "hub-not-found", "hub-access-denied",
 *   "hub-answer-invalid"; the signal's reason when it is aborted
 */
export async function hubRequest(
  connection: HubConnection,
  address: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HubAnswer> {
  const silence = silenceLimit(connection);
  try {
    let url = new URL(address);
    let linkedHash: string | undefined;
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const response = await fetch(url, {
        headers: { ...headers, ...authorization(connection, url), "accept-encoding": "identity" },
        redirect: "manual",
        signal: silence.signal,
      });
      linkedHash ??= hashFrom(response.headers.get("x-linked-etag"));
      if (!redirectStatuses.has(response.status)) return answerOf(response, { url, linkedHash, silence, connection });
      await response.body?.cancel();
      url = redirectTarget(url, response.headers.get("location"));
    }
    throw invalidAnswer(`${new URL(address).host} redirects more than ${mostRedirects} times.`);
  } catch (error) {
    silence.stop();
    throw failure(error, connection, new URL(address).host);
  }
}

/** Whether an attempt that failed so may succeed when it is repeated. */
export function isPassing(error: unknown): error is LoftError {
  return error instanceof LoftError && (error.code === "hub-unreachable" || error.code === "hub-failing");
}

/** An error for an answer that no honest and working server gives. */
export function invalidAnswer(what: string, cause?: unknown): LoftError {
  return loftError("hub-answer-invalid", {
    what,
    fix: "Check HF_ENDPOINT and whether a proxy or a sign-in page stands between you and it, then run the same command again.",
    ...(cause === undefined ? {} : { cause }),
  });
}

type SilenceLimit = { readonly signal: AbortSignal; readonly heard: () => void; readonly stop: () => void };

/** A signal that aborts after a time without `heard`. */
function silenceLimit({ timeoutSeconds, signal }: HubConnection): SilenceLimit {
  const controller = new AbortController();
  const abort = () => controller.abort(new SilenceError(timeoutSeconds));
  // An open connection keeps the process alive; the limit alone must not.
  const timer = setTimeout(abort, timeoutSeconds * 1000).unref();
  const bothSignals = AbortSignal.any([signal, controller.signal]);
  return { signal: bothSignals, heard: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

class SilenceError extends Error {
  constructor(seconds: number) {
    super(`no answer for ${seconds} s`);
  }
}

type AnswerContext = {
  readonly url: URL;
  readonly linkedHash: string | undefined;
  readonly silence: SilenceLimit;
  readonly connection: HubConnection;
};

async function answerOf(response: Response, context: AnswerContext): Promise<HubAnswer> {
  const { url, linkedHash, silence, connection } = context;
  const { status, headers } = response;
  const discard = async () => {
    silence.stop();
    await response.body?.cancel();
  };
  if (200 <= status && status < 300) {
    return { status, headers, linkedHash, body: readBody(response, { url, silence, connection }), discard };
  }
  await discard();
  throw statusError(response, url, connection);
}

async function* readBody(
  response: Response,
  { url, silence, connection }: Omit<AnswerContext, "linkedHash">,
): AsyncGenerator<Uint8Array> {
  try {
    if (response.body === null) return;
    for await (const piece of response.body) {
      silence.heard();
      yield piece;
    }
  } catch (error) {
    throw failure(error, connection, url.host);
  } finally {
    silence.stop();
  }
}

/** The header with the token: for the endpoint alone, and never over a line that others can read. */
export function authorization(
  { endpoint, token }: Pick<HubConnection, "endpoint" | "token">,
  url: URL,
): Readonly<Record<string, string>> {
  const isPrivate = url.protocol === "https:" || ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const isEndpoint = url.origin === new URL(endpoint).origin;
  return token !== undefined && isEndpoint && isPrivate ? { authorization: `Bearer ${token}` } : {};
}

/**
 * Where a redirect leads.
 * @throws LoftError "hub-answer-invalid" when it leads to nowhere, away from the web, or from https to http
 */
export function redirectTarget(from: URL, location: string | null): URL {
  if (location === null || !URL.canParse(location, from.href)) {
    throw invalidAnswer(`${from.host} redirects to nowhere.`);
  }
  const target = new URL(location, from);
  const isWeb = target.protocol === "https:" || target.protocol === "http:";
  const keepsSecrecy = from.protocol !== "https:" || target.protocol === "https:";
  if (isWeb && keepsSecrecy) return target;
  throw invalidAnswer(
    `${from.host} redirects to a ${target.protocol.replace(":", "")} address, which is not followed.`,
  );
}

function hashFrom(etag: string | null): string | undefined {
  return /^(?:W\/)?"?([0-9a-f]{64})"?$/.exec(etag ?? "")?.[1];
}

/** The Hub says in `x-error-code` which thing is missing; it answers 401 for what may exist but must not be seen. */
function statusError({ status, headers }: Response, url: URL, { token }: HubConnection): LoftError {
  const reason = headers.get("x-error-code") ?? "";
  if (status === 429 || 500 <= status || status === 408) {
    const busy = status === 429 ? "asks to wait" : "fails";
    return loftError("hub-failing", {
      what: `${url.host} ${busy} (status ${status}).`,
      fix: "Run the same command again later: what is downloaded is kept.",
    });
  }
  if (status === 404 || reason === "RepoNotFound") return notFound(url, reason, token);
  if (status === 401 || status === 403) return accessDenied(url, status, reason, token);
  return invalidAnswer(`${url.host} answers with status ${status}.`);
}

function notFound(url: URL, reason: string, token: string | undefined): LoftError {
  const things: Readonly<Record<string, string>> = {
    RepoNotFound: "has no such repository, or a private one",
    RevisionNotFound: "has the repository, but not this revision",
    EntryNotFound: "has the repository, but not this file",
  };
  const hint = token === undefined ? " For a private repository, set HF_TOKEN." : "";
  return loftError("hub-not-found", {
    what: `${url.host} ${things[reason] ?? "does not have it"}: ${url.pathname}.`,
    fix: `Check the name and the revision.${hint}`,
  });
}

function accessDenied(url: URL, status: number, reason: string, token: string | undefined): LoftError {
  const isGated = reason === "GatedRepo";
  const what = `${url.host} does not give ${url.pathname} to ${token === undefined ? "strangers" : "this token"} (status ${status}).`;
  const accept = isGated ? "Accept the model's terms on its web page. " : "";
  const fix =
    token === undefined
      ? `${accept}Set HF_TOKEN to a token that may read it, and run the same command again.`
      : `${accept}Check that HF_TOKEN is valid and may read it.`;
  return loftError("hub-access-denied", { what, fix });
}

/** What `fetch` throws, in our words. An abort by the user stays what it is. */
function failure(error: unknown, { signal }: HubConnection, host: string): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof LoftError) return error;
  return loftError("hub-unreachable", {
    what: `The connection to ${host} failed: ${reasonOf(error)}.`,
    fix: "Check the network (and HF_ENDPOINT) and run the same command again: what is downloaded is kept.",
    cause: error,
  });
}

/** undici hides the reason in `cause`; a code such as ECONNREFUSED says more than its message. */
function reasonOf(error: unknown): string {
  if (error instanceof SilenceError) return error.message;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
