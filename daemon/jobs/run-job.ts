/** Carries out a prepared job in its run folder: lock, record, adapters, images, dataset files; resumable at any point. */
import { availableParallelism } from "node:os";
import type { EvaluationPart, RunEvent } from "../../schemas/run-event.ts";
import { counted } from "../base/counted.ts";
import { LoftError, loftError } from "../base/errors.ts";
import { hashOf, type Json } from "../base/hash.ts";
import { loftVersion } from "../base/version.ts";
import type { AdapterTask } from "../pipeline/plan.ts";
import { openEventLog } from "./event-log.ts";
import { keepExtraAdapters } from "./extra-adapters.ts";
import { countFinishedTasks } from "./finished-tasks.ts";
import { type Job, stopIfInterrupted } from "./job.ts";
import type { PreparedJob } from "./prepare-job.ts";
import { cleanRunFolder, inRun, prepareRunFolder, readRun, runPaths, writeRun } from "./run-folder.ts";
import { lockRun } from "./run-lock.ts";
import { sampleImages } from "./sample-images.ts";
import { trainAdapters } from "./train-adapters.ts";
import { adapterStepsPerImage } from "./work-forecast.ts";
import { writeDataset } from "./write-dataset.ts";

export type RunOptions = {
  readonly root: string;
  readonly part: "everything" | "adapters" | "images";
  readonly keepGoing: boolean;
  /** Seconds of training that a killed process may lose; at 0 every step is saved. */
  readonly checkpointSeconds?: number;
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
  /** The command that makes the dataset again, for its card. */
  readonly command: string;
  /** Where the run is part of an evaluation. */
  readonly evaluation?: EvaluationPart;
};

/** Saving costs milliseconds where a step costs tenths of a second and more. */
export const defaultCheckpointSeconds = 10;

/** Counts of this start; `failures` only with keepGoing. */
export type RunResult = {
  readonly adapters: number;
  readonly images: number;
  readonly seconds: number;
  readonly failures: ReadonlyMap<string, LoftError>;
};

/**
 * Run a job to its end, or to where it is stopped.
 * @throws LoftError "interrupted" after saving, "run-locked", and what the tasks throw
 */
export async function runJob(prepared: PreparedJob, options: RunOptions): Promise<RunResult> {
  await prepareRunFolder(options.root);
  const lock = await lockRun(options.root);
  try {
    await cleanRunFolder(options.root);
    return await runLocked(prepared, options);
  } finally {
    await lock.release();
  }
}

async function runLocked(prepared: PreparedJob, options: RunOptions): Promise<RunResult> {
  const { root } = options;
  const before = await readRun(root).catch(() => undefined);
  await writeRunRecord(prepared, root);
  const log = await openEventLog<RunEvent>(inRun(root, runPaths.events));
  let logFailure: unknown;
  const made = { adapters: 0, images: 0 };
  const emit = (event: RunEvent) => {
    if (event.type === "adapter-finished") made.adapters += 1;
    if (event.type === "images-finished") made.images += event.files.length;
    options.emit(event);
    log.append(event).catch((error: unknown) => {
      logFailure ??= error;
    });
  };
  const started = performance.now();
  const job = jobOf(prepared, { ...options, emit });
  try {
    emit(await startedEvent(job, prepared, options));
    if (before !== undefined && metadataOf(before.config) !== metadataOf(job.config)) emit(metadataKept);
    await carryOut(job, options);
    const seconds = (performance.now() - started) / 1000;
    emit({ type: "run-finished", ...made, failed: job.failures.size, seconds });
    if (logFailure !== undefined) throw logFailure;
    return { ...made, seconds, failures: job.failures };
  } catch (error) {
    if (error instanceof LoftError && error.code === "interrupted") {
      emit({ type: "run-interrupted", ...made, seconds: (performance.now() - started) / 1000 });
    }
    throw error;
  } finally {
    await log.close();
  }
}

function jobOf(
  { resolution, dataFolder, dataset, plan, wholePlan, model, extra }: PreparedJob,
  options: RunOptions,
): Job {
  const { root, keepGoing, checkpointSeconds = defaultCheckpointSeconds, signal, emit } = options;
  const failures: Job["failures"] = new Map();
  const { config } = resolution;
  const how = { keepGoing, checkpointSeconds, signal, emit };
  return { root, ...how, dataFolder, config, dataset, plan, wholePlan, model, extra, failures };
}

async function carryOut(job: Job, { part, command }: RunOptions): Promise<void> {
  if (part !== "images") await trainAdapters(job);
  stopIfInterrupted(job);
  if (part === "adapters") return;
  await keepExtraAdapters(job.root, job.extra);
  await sampleImages(job);
  await writeDataset(job, command);
}

/** Whether a configuration leaves metadata out of its images; read with care, since a run may be of another version. */
function metadataOf(config: unknown): boolean {
  return (config as { output?: { stripMetadata?: boolean } } | null)?.output?.stripMetadata === true;
}

const metadataKept: RunEvent = {
  type: "warning",
  what: "output.stripMetadata was changed: images that are already made stay as they are.",
  fix: "To make them anew, delete the run's folder data/train, then run again; adapters are kept.",
};

/** What the folder is made from; a later start with another configuration simply makes what that one lacks. */
async function writeRunRecord({ resolution, plan, model }: PreparedJob, root: string): Promise<void> {
  await writeRun(root, {
    formatVersion: 1,
    config: resolution.config as unknown as Json,
    planHash: hashOf([...plan.adapters, ...plan.images].map(({ id }) => id)),
    modelHash: model.hash,
    versions: { loft: loftVersion, node: process.versions.node },
  });
}

async function startedEvent(job: Job, prepared: PreparedJob, { part, evaluation }: RunOptions): Promise<RunEvent> {
  const { plan, root, model } = job;
  const adapters = part === "images" ? [] : plan.adapters;
  const images = part === "adapters" ? [] : plan.images;
  const done = await countFinishedTasks(root, { adapters, images });
  const { provider, threads } = model.diffusion.session;
  const cores = threads === 0 ? availableParallelism() : threads;
  const stepsPerImage = part === "everything" ? adapterStepsPerImage(prepared) : undefined;
  return {
    type: "run-started",
    adapters: adapters.length,
    images: images.length,
    adaptersDone: done.adapters,
    imagesDone: done.images,
    steps: meanSteps(adapters),
    ...(stepsPerImage === undefined ? {} : { adapterStepsPerImage: stepsPerImage }),
    device: provider === "cpu" ? `CPU, ${cores} threads` : provider,
    provider,
    ...(evaluation === undefined ? {} : { evaluation }),
  };
}

/** Adapters of different photo counts may have different steps: so that steps times adapters is their sum. */
function meanSteps(adapters: readonly AdapterTask[]): number {
  const sum = adapters.reduce((total, { parameters }) => total + parameters.steps, 0);
  return sum / Math.max(1, adapters.length);
}

/** What a run with failures ends with, after everything else was done. */
export function runIncomplete(failures: ReadonlyMap<string, LoftError>) {
  const first = [...failures.values()][0]!;
  return loftError("task-failed", {
    what: `${counted(failures.size, "task")} failed; the others are done. The first: ${first.what}`,
    fix: first.fix,
    cause: first,
  });
}
