/** A run that is ready to be carried out: its plan, its model and its folder, and whom to tell. */
import type { RunEvent } from "../../schemas/run-event.ts";
import { LoftError, loftError } from "../base/errors.ts";
import type { ResolvedConfig } from "../config/resolve.ts";
import type { DiffusionModel } from "../diffusion/diffusion-model.ts";
import type { Dataset } from "../pipeline/dataset.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { ExtraAdapter } from "./extra-adapters.ts";

export type JobModel = {
  readonly name: string;
  readonly hash: string;
  /** A Hugging Face license id; "unknown" for models that are not registered. */
  readonly license: string;
  readonly diffusion: DiffusionModel;
};

export type Job = {
  /** The run folder. */
  readonly root: string;
  /** The folder that holds the class folders with real photos. */
  readonly dataFolder: string;
  readonly config: ResolvedConfig;
  readonly dataset: Dataset;
  /** What is to be done. */
  readonly plan: Plan;
  /** The plan for all classes: what the dataset's files describe, as far as it is done. */
  readonly wholePlan: Plan;
  readonly model: JobModel;
  /** Adapters of other origin that take part in every image. */
  readonly extra: readonly ExtraAdapter[];
  /** Carry on with other tasks when one fails. */
  readonly keepGoing: boolean;
  /** Seconds of training that a killed process may lose. */
  readonly checkpointSeconds: number;
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
  /** What failed so far, by task id; only with `keepGoing`. */
  readonly failures: Map<string, LoftError>;
};

/** Throws LoftError "interrupted" once the job's signal is aborted. */
export function stopIfInterrupted({ signal }: Pick<Job, "signal">): void {
  if (signal.aborted) throw interrupted();
}

/** The error of a run that the user stopped. */
export function interrupted(): LoftError {
  return loftError("interrupted", {
    what: "The run was interrupted; finished work is saved.",
    fix: "Run the same command again: it goes on where it was.",
  });
}

/**
 * Note that tasks failed, and go on.
 * @throws `error` itself without `keepGoing`, or when no other task could do better (an interrupt, a full disk)
 */
export function taskFailed(job: Job, ids: readonly string[], error: unknown): void {
  if (!job.keepGoing || !(error instanceof LoftError) || hopeless.has(error.code)) throw error;
  const { code, what, fix } = error;
  for (const id of ids) {
    job.failures.set(id, error);
    job.emit({ type: "task-failed", id, code, what, fix });
  }
}

/** Errors that would meet every other task as well. */
const hopeless: ReadonlySet<string> = new Set([
  "interrupted",
  "out-of-memory",
  "disk-full",
  "output-unwritable",
  "provider-unavailable",
]);
