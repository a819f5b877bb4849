/** A run in the test's own process: for what has to happen between planning and running, and for speed. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type PreparedJob, prepareJob } from "../../daemon/jobs/prepare-job.ts";
import { type RunOptions, type RunResult, runJob } from "../../daemon/jobs/run-job.ts";
import type { TinyRun } from "./tiny-run.ts";

/** LoFT's own models. */
export const modelsFolder = fileURLToPath(new URL("../../models", import.meta.url));

export function prepareTinyRun({ folder, config }: TinyRun): Promise<PreparedJob> {
  return prepareJob({ configFile: join(folder, config), modelsFolder, onlyClasses: [] });
}

/** Run everything into the run folder that the configuration names, unless `options` say otherwise. */
export function runPrepared(prepared: PreparedJob, options: Partial<RunOptions> = {}): Promise<RunResult> {
  return runJob(prepared, {
    root: prepared.outputFolder,
    part: "everything",
    keepGoing: false,
    signal: new AbortController().signal,
    emit: () => undefined,
    command: "loft generate tiny.loft.json",
    ...options,
  });
}
