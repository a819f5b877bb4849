/** What the commands that need the pipeline do. Commands load this file only when they run: it brings the runtime. */

import { basename, join, relative, resolve } from "node:path";
import type { RunEvent } from "../../schemas/run-event.ts";
import { loftError } from "../base/errors.ts";
import { type JobRequest, type PreparedJob, prepareJob } from "../jobs/prepare-job.ts";
import { runIncomplete, runJob } from "../jobs/run-job.ts";

/** What an action may use besides its request. Paths in requests are as the user typed them. */
export type ActionContext = {
  readonly workingFolder: string;
  /** LoFT's own folder; `models/` lies in it. */
  readonly packageFolder: string;
  /** Aborted on Ctrl-C: save within two seconds and return or throw its reason. */
  readonly signal: AbortSignal;
  /** Tell an event of the run to whoever shows it. */
  readonly emit: (event: RunEvent) => void;
};

/** The result of a command: for people, and for `--json`. */
export type ActionResult = { readonly text: string; readonly json: unknown };

export type PlanRequest = {
  readonly config: string;
  /** Show the configuration with every default filled in. */
  readonly resolved: boolean;
};

export type RunRequest = {
  readonly config: string;
  readonly part: "everything" | "adapters" | "images";
  readonly keepGoing: boolean;
  readonly output?: string;
  readonly device?: string;
  /** Empty: all classes. */
  readonly onlyClasses: readonly string[];
};

export type ReplayRequest = { readonly image: string; readonly output?: string; readonly device?: string };

export type SheetRequest = { readonly run: string; readonly output?: string; readonly imagesPerClass: number };

/** `loft plan`: what would be done. */
export async function planAction(_request: PlanRequest, _context: ActionContext): Promise<ActionResult> {
  throw notThere("plan");
}

/** `loft generate`, `loft train` and `loft sample`. */
export async function runAction(request: RunRequest, context: ActionContext): Promise<ActionResult> {
  const prepared = await prepareJob(jobRequest(request, context));
  const root = request.output === undefined ? prepared.outputFolder : resolve(context.workingFolder, request.output);
  for (const warning of warningsOf(prepared)) context.emit({ type: "warning", ...warning });
  const { part, keepGoing } = request;
  const { signal, emit } = context;
  const command = `loft generate ${basename(request.config)}`;
  const result = await runJob(prepared, { root, part, keepGoing, signal, emit, command });
  if (0 < result.failures.size) throw runIncomplete(result.failures);
  const { adapters, images, seconds } = result;
  const shown = relative(context.workingFolder, root) || ".";
  return { text: finishedText(request, shown), json: { run: shown, adapters, images, seconds } };
}

function jobRequest(
  { config, device, onlyClasses }: Pick<RunRequest, "config" | "device" | "onlyClasses">,
  { workingFolder, packageFolder }: ActionContext,
): JobRequest {
  const modelsFolder = join(packageFolder, "models");
  return {
    configFile: resolve(workingFolder, config),
    modelsFolder,
    onlyClasses,
    ...(device === undefined ? {} : { device }),
  };
}

/** Everything to tell the user that does not stop the run. */
function warningsOf({ problems, photoProblems, plan }: PreparedJob): readonly { what: string; fix?: string }[] {
  return [
    ...problems.map(({ message, line, fix }) => ({
      what: `line ${line}: ${message}`,
      ...(fix === undefined ? {} : { fix }),
    })),
    ...photoProblems.map(({ path, message, fix }) => ({ what: `${path}: ${message}`, fix })),
    ...plan.warnings.map(({ what, fix }) => ({ what, fix })),
  ];
}

function finishedText({ part }: RunRequest, root: string): string {
  const done = { everything: "dataset", adapters: "adapters", images: "dataset" }[part];
  const next = part === "adapters" ? "next: loft sample with the same configuration" : `next: loft sheet ${root}`;
  return `${done} in ${root}\n${next}`;
}

/** `loft replay`. */
export async function replayAction(_request: ReplayRequest, _context: ActionContext): Promise<ActionResult> {
  throw notThere("replay");
}

/** `loft sheet`. */
export async function sheetAction(_request: SheetRequest, _context: ActionContext): Promise<ActionResult> {
  throw notThere("sheet");
}

function notThere(command: string): Error {
  return loftError("task-failed", {
    what: `\`loft ${command}\` is not part of this build.`,
    fix: "Use a newer version of LoFT.",
  });
}
