/**
 * Worker processes for single questions: plans on one, replays and fused images on another that keeps its model loaded.
 * They are started when first asked and ended when nobody has asked for a while.
 */
import type { WorkerTasks } from "./worker-messages.ts";
import { startWorker, type WorkerProcess, type WorkerSettings } from "./worker-process.ts";

type StudioTaskName = Exclude<keyof WorkerTasks, "run">;

export type Studio = {
  /** Throws LoftError as the task does, or "job-crashed". */
  readonly perform: <Name extends StudioTaskName>(
    name: Name,
    params: WorkerTasks[Name]["params"],
    signal?: AbortSignal,
  ) => Promise<WorkerTasks[Name]["result"]>;
  readonly close: () => Promise<void>;
};

/** Loaded models take memory that somebody else may want. */
const idleMilliseconds = 120_000;

/** Start nothing yet. */
export function createStudio(settings: WorkerSettings): Studio {
  const planner = createRecycled(settings);
  const painter = createRecycled(settings);
  const perform: Studio["perform"] = (name, params, signal) => {
    const worker = name === "fuse" || name === "replay" ? painter : planner;
    return worker.use((process) => process.perform(name, params, signal === undefined ? {} : { signal }));
  };
  const close = async () => {
    await Promise.all([planner.close(), painter.close()]);
  };
  return { perform, close };
}

type Recycled = {
  readonly use: <Result>(action: (process: WorkerProcess) => Promise<Result>) => Promise<Result>;
  readonly close: () => Promise<void>;
};

function createRecycled(settings: WorkerSettings): Recycled {
  let current: WorkerProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  const close = async () => {
    clearTimeout(timer);
    const process = current;
    current = undefined;
    process?.close();
    await process?.ended;
  };
  const use: Recycled["use"] = async (action) => {
    clearTimeout(timer);
    const process = current ?? startWorker(settings);
    if (current === undefined) {
      current = process;
      process.ended.then(() => {
        if (current === process) current = undefined;
      });
    }
    try {
      return await action(process);
    } finally {
      clearTimeout(timer);
      timer = setTimeout(() => void (process.isIdle() && close()), idleMilliseconds);
      timer.unref();
    }
  };
  return { use, close };
}
