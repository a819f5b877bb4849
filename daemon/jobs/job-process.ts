/** One run, or one evaluation, in a process of its own: a crash of the runtime costs this run and nothing else. */
import { setTimeout as sleep } from "node:timers/promises";
import { interrupted } from "./job.ts";
import type { JobTask, WorkerNews } from "./worker-messages.ts";
import { startWorker, type WorkerSettings } from "./worker-process.ts";

export type JobControl = {
  readonly onNews: (news: WorkerNews) => void;
  readonly signal: AbortSignal;
  /** Between an abort and the end of patience. */
  readonly graceMilliseconds: number;
};

/** A process that has answered has nothing left to do. */
const farewellMilliseconds = 5_000;

/**
 * Carry out a job; the process is gone when this returns.
 * @throws LoftError "interrupted" after an abort, also when the process had to be killed; "job-crashed"; what the task throws
 */
export async function runInJob(
  settings: WorkerSettings,
  { name, params }: JobTask,
  { onNews, signal, graceMilliseconds }: JobControl,
): Promise<void> {
  const worker = startWorker(settings);
  const patience = setTimeoutOnAbort(signal, graceMilliseconds, worker.kill);
  try {
    await worker.perform(name, params, { onNews, signal });
  } catch (error) {
    if (signal.aborted && (error as { readonly code?: unknown }).code === "job-crashed") throw interrupted();
    throw error;
  } finally {
    patience.stop();
    worker.close();
    const isGone = await Promise.race([
      worker.ended.then(() => true),
      sleep(farewellMilliseconds, false, { ref: false }),
    ]);
    if (!isGone) worker.kill();
    await worker.ended;
  }
}

function setTimeoutOnAbort(
  signal: AbortSignal,
  milliseconds: number,
  action: () => void,
): { readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(action, milliseconds);
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  const stop = () => {
    signal.removeEventListener("abort", begin);
    clearTimeout(timer);
  };
  return { stop };
}
