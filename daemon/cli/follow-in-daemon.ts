/** Work that the daemon does for a command, which only shows it: followed to its end. */
import type { RunSummary } from "../../schemas/protocol.ts";
import { LoftError, loftError } from "../base/errors.ts";
import type { DaemonClient } from "../rpc/client.ts";
import type { ActionContext } from "./actions.ts";
import { type DaemonPlaces, ensureDaemon } from "./daemon-connection.ts";

/** Asks for the work; the summary is of its run as it begins. */
export type BeginWork = (client: DaemonClient) => Promise<RunSummary>;

/**
 * Begin work in the daemon and follow it to its end. An interrupt cancels it; whoever loses sight of it (a closed
 * terminal) leaves it running.
 * @returns the run when it is finished
 * @throws LoftError what it ended with, "interrupted", "daemon-unreachable"
 */
export async function followInDaemon(
  begin: BeginWork,
  context: Pick<ActionContext, "signal" | "emit">,
  places: DaemonPlaces,
): Promise<RunSummary> {
  const { summary, failure } = await followToEnd(begin, context, places);
  if (failure !== undefined) throw failure;
  return summary;
}

/** A run that has ended, and what it failed with. */
export type EndedWork = { readonly summary: RunSummary; readonly failure: LoftError | undefined };

/**
 * As `followInDaemon`, for work that leaves something to show when it fails.
 * @throws LoftError "interrupted", "daemon-unreachable"
 */
export async function followToEnd(
  begin: BeginWork,
  context: Pick<ActionContext, "signal" | "emit">,
  places: DaemonPlaces,
): Promise<EndedWork> {
  const client = await ensureDaemon(places);
  try {
    const summary = await follow(client, begin, context);
    if (summary.state === "failed" && summary.error !== undefined) return { summary, failure: errorOf(summary) };
    if (summary.state !== "finished") throw cancelled(summary);
    return { summary, failure: undefined };
  } finally {
    client.close();
  }
}

async function follow(
  client: DaemonClient,
  begin: BeginWork,
  { signal, emit }: Pick<ActionContext, "signal" | "emit">,
): Promise<RunSummary> {
  const latest = new Map<string, RunSummary>();
  let tell: (summary: RunSummary) => void = () => undefined;
  client.on("loft/runEvent", ({ event }) => emit(event));
  client.on("loft/runChanged", (summary) => {
    latest.set(summary.run, summary);
    tell(summary);
  });
  const { run, sequence } = await begin(client);
  const cancel = () => void client.request("loft/cancel", { run }).catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  const ended = new Promise<RunSummary>((done) => {
    tell = (summary) => {
      if (summary.run === run && hasEnded(summary)) done(summary);
    };
  });
  const { summary } = await client.request("loft/watch", { run, after: sequence });
  tell(latest.get(run) ?? summary);
  tell(summary);
  const gone = client.closed.then(() => {
    throw daemonGone();
  });
  return Promise.race([ended, gone]);
}

function hasEnded({ state }: RunSummary): boolean {
  return state === "finished" || state === "failed" || state === "interrupted";
}

function errorOf({ error }: RunSummary): LoftError {
  const { code, what, fix } = error as NonNullable<RunSummary["error"]>;
  return new LoftError(code as LoftError["code"], { what, fix });
}

function cancelled({ folder }: RunSummary): LoftError {
  return loftError("interrupted", {
    what: `The run in ${folder} was cancelled; what is finished is saved.`,
    fix: "Run the same command again: it goes on where it was.",
  });
}

function daemonGone(): LoftError {
  return loftError("daemon-unreachable", {
    what: "The daemon ended while the run was at work.",
    fix: "Run the same command again: it goes on where it was. `loft daemon logs` may say why.",
  });
}
