/** `loft evaluate --daemon`: the same evaluation, in the daemon; this command shows it, and its table at the end. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { lostOnlyClassifiers } from "../../schemas/lost-classifiers.ts";
import type { LoftResults } from "../../schemas/results.ts";
import { loftError } from "../base/errors.ts";
import { evaluationFolder, resultsFile } from "../jobs/evaluate-files.ts";
import { evaluationText } from "../jobs/evaluate-report.ts";
import type { ActionContext, ActionResult } from "./actions.ts";
import type { DaemonPlaces } from "./daemon-connection.ts";
import type { EvaluateRequest } from "./evaluate-action.ts";
import { followToEnd } from "./follow-in-daemon.ts";
import { shownPath } from "./result-text.ts";

/**
 * Start an evaluation in the daemon and follow it to its end.
 * @throws LoftError as `followInDaemon` where no table is left, "usage-invalid" for several configurations, "file-unreadable" when the results were taken away
 */
export async function daemonEvaluateAction(
  { configs, reference, device, checkpointSeconds }: EvaluateRequest,
  context: ActionContext,
  places: DaemonPlaces,
): Promise<ActionResult> {
  const [config, second] = configs as readonly [string, ...string[]];
  if (second !== undefined) throw oneAtATime();
  const params = {
    config: resolve(context.workingFolder, config),
    ...(reference === undefined ? {} : { reference }),
    ...(device === undefined ? {} : { device }),
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
  };
  const { summary, failure } = await followToEnd((client) => client.request("loft/evaluate", params), context, places);
  if (failure !== undefined && !lostOnlyClassifiers(summary)) throw failure;
  const folder = evaluationFolder(summary.folder);
  const results = await readOwnResults(join(folder, resultsFile));
  const shown = shownPath(context, folder);
  const result = { text: evaluationText(results, shown), json: { type: "results", folder: shown, results } };
  return failure === undefined ? result : { ...result, failure };
}

function oneAtATime() {
  return loftError("usage-invalid", {
    what: "The daemon takes one configuration at a time.",
    fix: "Give them one by one with --daemon, then all of them without it: that finds what is done and averages it.",
  });
}

/** What a daemon of our own version has just written. */
async function readOwnResults(file: string): Promise<LoftResults> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as LoftResults;
  } catch (cause) {
    const what = `The evaluation is finished, and ${file} cannot be read.`;
    throw loftError("file-unreadable", { what, fix: "Run the same command again: nothing is done twice.", cause });
  }
}
