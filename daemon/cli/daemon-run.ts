/** `loft generate --daemon`: the same run, in the daemon; this command only shows it. */
import { resolve } from "node:path";
import type { RunSummary, StartParams } from "../../schemas/protocol.ts";
import { LoftError, loftError } from "../base/errors.ts";
import type { DaemonClient } from "../rpc/client.ts";
import type { ActionContext, ActionResult, RunRequest } from "./actions.ts";
import { type DaemonPlaces, ensureDaemon } from "./daemon-connection.ts";
import { finishedText, shownPath } from "./result-text.ts";

/**
 * Start a run in the daemon and follow it to its end. An interrupt cancels it; whoever loses sight of it (a closed
 * terminal) leaves it running.
 * @throws LoftError what the run ended with, "interrupted", "daemon-unreachable"
 */
export async function daemonRunAction(
  request: RunRequest,
  context: ActionContext,
  places: DaemonPlaces,
): Promise<ActionResult> {
  const client = await ensureDaemon(places);
  try {
    const summary = await follow(client, startParams(request, context), context);
    if (summary.state === "failed" && summary.error !== undefined) throw errorOf(summary);
    if (summary.state !== "finished") throw cancelled(summary);
    const shown = shownPath(context, summary.folder);
    const { adaptersDone, imagesDone } = summary.progress ?? { adaptersDone: 0, imagesDone: 0 };
    return {
      text: finishedText(request, shown),
      json: { run: shown, adapters: adaptersDone, images: imagesDone },
    };
  } finally {
    client.close();
  }
}

async function follow(client: DaemonClient, params: StartParams, { signal, emit }: ActionContext): Promise<RunSummary> {
  const latest = new Map<string, RunSummary>();
  let tell: (summary: RunSummary) => void = () => undefined;
  client.on("loft/runEvent", ({ event }) => emit(event));
  client.on("loft/runChanged", (summary) => {
    latest.set(summary.run, summary);
    tell(summary);
  });
  const { run, sequence } = await client.request("loft/start", params);
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

function startParams(request: RunRequest, { workingFolder }: ActionContext): StartParams {
  const { config, part, keepGoing, onlyClasses, output, device, checkpointSeconds } = request;
  return {
    ...{ config: resolve(workingFolder, config), part, keepGoing, onlyClasses },
    ...(output === undefined ? {} : { output: resolve(workingFolder, output) }),
    ...(device === undefined ? {} : { device }),
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
  };
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
