/** What the commands that need the pipeline do. Commands load this file only when they run: it brings the runtime. */

import { basename, join, relative, resolve } from "node:path";
import type { RunEvent } from "../../schemas/run-event.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { counted } from "../base/counted.ts";
import { type LoftError, loftError } from "../base/errors.ts";
import { printResolvedConfig } from "../config/print-config.ts";
import { encodePng } from "../data/image-file.ts";
import { syntheticXmp } from "../data/provenance.ts";
import { chooseProvider, type ProviderChoice } from "../engine/runtime/providers.ts";
import { drawSheet } from "../jobs/draw-sheet.ts";
import type { ExportDtype, ExportFormat } from "../jobs/export-formats.ts";
import { exportRun } from "../jobs/export-run.ts";
import { memoryWarnings } from "../jobs/memory-warnings.ts";
import { planReport, planText } from "../jobs/plan-report.ts";
import { type JobRequest, prepareJob, requireSeparateFolders } from "../jobs/prepare-job.ts";
import { preparedWarnings } from "../jobs/prepared-warnings.ts";
import { type Replay, replayImage } from "../jobs/replay-image.ts";
import { refuseForeignFolder } from "../jobs/run-folder.ts";
import { runIncomplete, runJob } from "../jobs/run-job.ts";
import { finishedText, shownPath } from "./result-text.ts";

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
export type ActionResult = {
  readonly text: string;
  readonly json: unknown;
  /** What the command fails with once the result is shown: only a part of it is there. */
  readonly failure?: LoftError;
};

export type PlanRequest = {
  readonly config: string;
  /** Show the configuration with every default filled in. */
  readonly resolved: boolean;
};

export type RunRequest = {
  readonly config: string;
  readonly part: "everything" | "adapters" | "images";
  readonly keepGoing: boolean;
  /** Seconds of training that a killed process may lose. */
  readonly checkpointSeconds?: number;
  readonly output?: string;
  readonly device?: string;
  /** Empty: all classes. */
  readonly onlyClasses: readonly string[];
};

export type ReplayRequest = {
  readonly image: string;
  readonly output?: string;
  /** Folder of the image's model, where it is none of the registry. */
  readonly model?: string;
  readonly device?: string;
};

export type SheetRequest = { readonly run: string; readonly output?: string; readonly imagesPerClass: number };

export type ExportRequest = {
  readonly run: string;
  readonly format: ExportFormat;
  readonly output: string;
  readonly dtype: ExportDtype;
};

/** `loft plan`: what would be done, and what it takes. */
export async function planAction(request: PlanRequest, context: ActionContext): Promise<ActionResult> {
  const prepared = await prepareJob(jobRequest({ ...request, onlyClasses: [] }, context));
  for (const warning of [...preparedWarnings(prepared), ...memoryWarnings(prepared)])
    context.emit({ type: "warning", ...warning });
  if (request.resolved) {
    return { text: printResolvedConfig(prepared.resolution), json: prepared.resolution };
  }
  requireSeparateFolders(prepared.dataFolder, prepared.outputFolder);
  await refuseForeignFolder(prepared.outputFolder);
  const root = shownPath(context, prepared.outputFolder);
  const report = await planReport(prepared);
  return { text: planText(report, root), json: { run: root, ...report } };
}

/** `loft generate`, `loft train` and `loft sample`. */
export async function runAction(request: RunRequest, context: ActionContext): Promise<ActionResult> {
  const prepared = await prepareJob(jobRequest(request, context));
  const root = request.output === undefined ? prepared.outputFolder : resolve(context.workingFolder, request.output);
  requireSeparateFolders(prepared.dataFolder, root);
  for (const warning of [...preparedWarnings(prepared), ...memoryWarnings(prepared)])
    context.emit({ type: "warning", ...warning });
  const { part, keepGoing, checkpointSeconds } = request;
  const { signal, emit } = context;
  const command = `loft generate ${basename(request.config)}`;
  const result = await runJob(prepared, {
    ...{ root, part, keepGoing, signal, emit, command },
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
  });
  if (0 < result.failures.size) throw runIncomplete(result.failures);
  const { adapters, images, seconds } = result;
  const shown = shownPath(context, root);
  return { text: finishedText(request, shown), json: { run: shown, adapters, images, seconds } };
}

function jobRequest(
  {
    config,
    device,
    onlyClasses,
  }: { readonly config: string; readonly device?: string; readonly onlyClasses: readonly string[] },
  { workingFolder, packageFolder, signal }: ActionContext,
): JobRequest {
  const modelsFolder = join(packageFolder, "models");
  return {
    configFile: resolve(workingFolder, config),
    modelsFolder,
    onlyClasses,
    signal,
    ...(device === undefined ? {} : { device }),
  };
}

/** `loft replay`: the same pixels again. */
export async function replayAction(request: ReplayRequest, context: ActionContext): Promise<ActionResult> {
  const { workingFolder, packageFolder, signal } = context;
  const replay = await replayImage({
    image: resolve(workingFolder, request.image),
    modelsFolder: join(packageFolder, "models"),
    ...(request.model === undefined ? {} : { model: resolve(workingFolder, request.model) }),
    session: { provider: chooseProvider((request.device ?? "auto") as ProviderChoice), threads: 0 },
    signal,
  });
  const { record, picture, differingValues, largestDifference } = replay;
  if (request.output !== undefined) {
    await writeFileAtomic(resolve(workingFolder, request.output), await encodePng(picture, { xmp: syntheticXmp }));
  }
  if (replayTolerance < largestDifference) throw replayDiffers(request.image, replay);
  const same = differingValues === 0;
  const verdict = same
    ? "the same pixels"
    : `the same picture: ${differingValues} color values differ, by at most ${largestDifference} of 255 levels (another processor rounds differently)`;
  const { className, imageIndex } = record;
  return {
    text: `${request.image}: ${verdict}`,
    json: { same, differingValues, largestDifference, className, imageIndex },
  };
}

/** Levels of 255 by which processors may differ. */
const replayTolerance = 4;

/** `loft sheet`: a contact sheet of a finished run. */
export async function sheetAction(request: SheetRequest, { workingFolder }: ActionContext): Promise<ActionResult> {
  const root = resolve(workingFolder, request.run);
  const file = request.output === undefined ? join(root, "sheet.png") : resolve(workingFolder, request.output);
  await writeFileAtomic(file, await drawSheet(root, request.imagesPerClass));
  const shown = relative(workingFolder, file);
  return { text: `wrote ${shown}`, json: { sheet: shown } };
}

/** `loft export`: a run in the files of other tools. */
export async function exportAction(request: ExportRequest, context: ActionContext): Promise<ActionResult> {
  const { workingFolder, signal } = context;
  const { format, dtype } = request;
  const output = resolve(workingFolder, request.output);
  const count = await exportRun({ root: resolve(workingFolder, request.run), output, format, dtype, signal });
  const shown = shownPath(context, output);
  const what = "adapters" in count ? counted(count.adapters, "adapter") : imagesText(count);
  return { text: `wrote ${what} to ${shown}`, json: { output: shown, format, ...count } };
}

function imagesText({ images, rejected }: { readonly images: number; readonly rejected?: number }): string {
  const rest = rejected === undefined ? "" : ` (without ${rejected} rejected ${rejected === 1 ? "one" : "ones"})`;
  return `${counted(images, "image")}${rest}`;
}

function replayDiffers(image: string, { differingValues, largestDifference }: Replay) {
  return loftError("replay-differs", {
    what: `${image} came out differently: ${differingValues} color values, by up to ${largestDifference} of 255 levels.`,
    fix: "The image or its adapters were changed after it was made, or it was made on another device: try --device.",
  });
}
