/** One connection with an editor or a command: LSP and our requests side by side, each with its limits. */
import {
  type Connection,
  createConnection,
  createProtocolConnection,
  type MessageReader,
  type MessageWriter,
  ResponseError,
} from "vscode-languageserver";
import { type LoftErrorData, loftErrorCode, type RequestName, type Requests } from "../../schemas/protocol.ts";
import { LoftError, loftError } from "../base/errors.ts";
import { isActive } from "../jobs/job-state.ts";
import { type Asking, handlers } from "./handlers.ts";
import { requestChecks } from "./request-checks.ts";
import type { Client, Services } from "./services.ts";
import { createWatches } from "./watches.ts";

export type Transport = {
  readonly reader: MessageReader;
  readonly writer: MessageWriter;
  /** Called when the client says LSP's `exit`, or is gone. */
  readonly close: () => void;
};

/** The language server's part of one connection. */
export type LanguagePart = {
  /** A run has ended: what is left to do may be less. */
  readonly refresh: () => void;
  readonly dispose: () => void;
};

/** Adds the language server's part to a connection. */
export type RegisterLanguage = (connection: Connection, services: Services) => LanguagePart;

/** Requests of one client that are not answered yet. */
const mostInFlight = 64;

/** Serve a client until it is gone. */
export function serveConnection(transport: Transport, services: Services, registerLanguage: RegisterLanguage): void {
  const { reader, writer, close } = transport;
  const watchDog = { initialize: () => undefined, shutdownReceived: false, exit: close };
  const connection = createConnection((logger) => createProtocolConnection(reader, writer, logger), watchDog);
  const gone = new AbortController();
  reader.onClose(() => {
    gone.abort();
    connection.dispose();
  });
  registerRequests(connection, services, createClient(connection, gone.signal));
  const language = registerLanguage(connection, services);
  gone.signal.addEventListener("abort", language.dispose);
  gone.signal.addEventListener("abort", onRunEnded(services, language.refresh));
  connection.listen();
}

function createClient(connection: Connection, gone: AbortSignal): Client {
  const notify: Client["notify"] = (name, params) => {
    connection.sendNotification(name, params).catch(() => undefined);
  };
  const watches = createWatches(notify);
  gone.addEventListener("abort", watches.stop);
  return { notify, watches, gone, isGreeted: false };
}

/** Calls `action` when a run leaves the queue. */
function onRunEnded({ runs }: Services, action: () => void): () => void {
  const active = new Set<string>();
  return runs.onChanged(({ run, state }) => {
    if (isActive(state)) active.add(run);
    else if (active.delete(run)) action();
  });
}

function registerRequests(connection: Connection, services: Services, client: Client): void {
  let inFlight = 0;
  for (const name of Object.keys(handlers) as RequestName[]) {
    connection.onRequest(name, async (params: unknown, token) => {
      if (mostInFlight <= inFlight) throw responseError(tooMany(), services);
      inFlight += 1;
      const controller = new AbortController();
      const calledOff = token.onCancellationRequested(() => controller.abort());
      const signal = AbortSignal.any([controller.signal, client.gone]);
      try {
        return await answer(name, params, services, { client, signal });
      } catch (error) {
        throw responseError(error, services);
      } finally {
        calledOff.dispose();
        inFlight -= 1;
      }
    });
  }
}

async function answer<Name extends RequestName>(
  name: Name,
  params: unknown,
  services: Services,
  asking: Asking,
): Promise<unknown> {
  const checked: Requests[Name]["params"] = requestChecks[name](params ?? {}, name);
  return handlers[name](checked, services, asking);
}

/** What a user can mend goes out whole; a mistake of ours is logged, and told without its insides. */
function responseError(error: unknown, { log }: Services): ResponseError<LoftErrorData> {
  const known = error instanceof LoftError ? error : undefined;
  if (known === undefined) log("a request failed", { error: error instanceof Error ? error.stack : String(error) });
  const data: LoftErrorData = {
    code: known?.code ?? "internal",
    what: known?.what ?? "The daemon could not answer.",
    fix: known?.fix ?? "This is a mistake in LoFT: please report it with what `loft daemon logs` shows.",
  };
  return new ResponseError(loftErrorCode, `${data.what} ${data.fix}`, data);
}

function tooMany(): LoftError {
  return loftError("daemon-busy", {
    what: `${mostInFlight} requests of this client wait for their answers.`,
    fix: "Wait for some of them.",
  });
}
