/** What each request does, by name; parameters are checked by then. */
import { protocolVersion, type RequestName, type Requests, type WatchResult } from "../../schemas/protocol.ts";
import { type LoftError, loftError } from "../base/errors.ts";
import { loftVersion } from "../base/version.ts";
import { writeVerdict } from "../jobs/curation.ts";
import { isActive } from "../jobs/job-state.ts";
import { type KnownRun, refreshFromDisk, summaryOf } from "../jobs/known-run.ts";
import { manifestRow } from "../jobs/manifest-row.ts";
import { recounted, runClasses } from "../jobs/run-classes.ts";
import { runLosses } from "../jobs/run-losses.ts";
import { listSamples, requireSample } from "../jobs/run-samples.ts";
import { reportText } from "./report.ts";
import type { Client, Services } from "./services.ts";

/** `signal` is aborted when the client calls the request off, or is gone. */
export type Asking = { readonly client: Client; readonly signal: AbortSignal };

type Handler<Name extends RequestName> = (
  params: Requests[Name]["params"],
  services: Services,
  asking: Asking,
) => Promise<Requests[Name]["result"]> | Requests[Name]["result"];

/** A handler for every request. */
export const handlers: { readonly [Name in RequestName]: Handler<Name> } = {
  "loft/hello": hello,
  "loft/status": (_, { status }) => status(),
  "loft/start": (params, { runs }) => runs.start(params),
  "loft/evaluate": (params, { runs }) => runs.evaluate(params),
  "loft/cancel": ({ run }, { runs }) => runs.cancel(run),
  "loft/runs": ({ configs }, { runs }) => runs.list(configs),
  "loft/openRun": ({ folder }, { runs }) => runs.open(folder),
  "loft/watch": watch,
  "loft/unwatch": ({ run }, _, { client }) => {
    client.watches.unwatch(run);
    return null;
  },
  "loft/samples": async (params, { runs }) => {
    const run = runs.get(params.run);
    await upToDate(run);
    return listSamples(run, params);
  },
  "loft/newConfig": (params, { studio }) => studio.perform("newConfig", params),
  "loft/planCost": (params, { studio }, { signal }) => studio.perform("planCost", params, signal),
  "loft/planText": (params, { studio }, { signal }) => studio.perform("planText", params, signal),
  "loft/manifestRow": async ({ run: id, file }, { runs }) => {
    const run = runs.get(id);
    await upToDate(run);
    return { row: await manifestRow(run, file) };
  },
  "loft/losses": async ({ run: id }, { runs }) => {
    const run = runs.get(id);
    await upToDate(run);
    return { curves: await runLosses(run) };
  },
  "loft/fuse": async ({ run: id, ...task }, { runs, studio }, { signal }) => {
    const run = runs.get(id);
    return studio.perform("fuse", { ...task, ...placeOf(run) }, signal);
  },
  "loft/replay": async ({ run: id, file }, { runs, studio }, { signal }) => {
    const run = runs.get(id);
    await upToDate(run);
    await requireSample(run, file);
    return studio.perform("replay", { file, ...placeOf(run) }, signal);
  },
  "loft/curate": async ({ run: id, file, verdict }, { runs }) => {
    const run = runs.get(id);
    await upToDate(run);
    await requireSample(run, file);
    await writeVerdict(run.root, file, verdict);
    return null;
  },
  "loft/report": (_, { status }) => ({ text: reportText(status()) }),
  "loft/deleteRun": async ({ run }, { runs }) => {
    await runs.remove(run);
    return null;
  },
  "loft/shutdown": ({ drain }, { runs, shutdown }) => {
    if (!drain && 0 < runs.counts.running + runs.counts.queued) throw stillWorking();
    // The answer goes out first.
    setImmediate(shutdown);
    return null;
  },
};

function hello(params: Requests["loft/hello"]["params"], { runs, status }: Services, { client }: Asking) {
  if (params.protocolVersion !== protocolVersion) throw otherProtocol(params.version, params.protocolVersion);
  if (!client.isGreeted) {
    const stop = runs.onChanged((summary) => client.notify("loft/runChanged", summary));
    client.gone.addEventListener("abort", stop);
    client.isGreeted = true;
  }
  return status();
}

/** Disk first: between the state and the first event after it nothing may wait. */
async function watch(
  { run: id, after }: Requests["loft/watch"]["params"],
  { runs }: Services,
  { client }: Asking,
): Promise<WatchResult> {
  const run = runs.get(id);
  await upToDate(run);
  const classes = await runClasses(run.root, run.planned, run.files.counts());
  const counts = run.files.counts();
  const resumed = client.watches.watch(run, after);
  return { sequence: run.stream.sequence(), resumed, summary: summaryOf(run), classes: recounted(classes, counts) };
}

function placeOf({ root, config }: KnownRun): { readonly root: string; readonly config?: string } {
  return { root, ...(config === undefined ? {} : { config }) };
}

async function upToDate(run: KnownRun): Promise<void> {
  if (!run.isOurs || !isActive(run.state)) await refreshFromDisk(run);
}

function otherProtocol(version: string, theirs: number): LoftError {
  const newer = theirs < protocolVersion ? "daemon" : "client";
  return loftError("daemon-version", {
    what: `The daemon is LoFT ${loftVersion} and speaks version ${protocolVersion} of the protocol; the client (${version}) speaks version ${theirs}.`,
    fix:
      newer === "daemon"
        ? "Update the editor extension, or the LoFT that this command belongs to."
        : "Restart the daemon with `loft daemon restart`: runs are saved and go on where they were.",
  });
}

function stillWorking(): LoftError {
  return loftError("daemon-busy", {
    what: "Runs are at work in the daemon.",
    fix: "Wait until they are done, or stop the daemon with drain: they are saved and go on later.",
  });
}
