/**
 * Entry of a worker process: does what the daemon sends, one task after another, and ends with the channel to it. ONNX
 * Runtime and sharp are loaded here and never in the daemon, so that a crash of theirs costs one task.
 */
import { LoftError, loftError } from "../base/errors.ts";
import { memoryError } from "../base/memory-error.ts";
import type { FromWorker, ToWorker, WorkerNews } from "./worker-messages.ts";
import { createTasks, type PerformTask } from "./worker-tasks.ts";

/** A run saves within a step; a process that hangs after its daemon is gone must not hold the device. */
const longestFarewell = 15_000;

/** Listen to the daemon until it is gone. */
export function main(): void {
  const perform = createTasks();
  const running = new Map<number, AbortController>();
  let last: Promise<void> = Promise.resolve();
  const stopAll = () => {
    for (const controller of running.values()) controller.abort(stopped());
  };
  process.on("message", (message: ToWorker) => {
    if (message.type === "cancel") {
      running.get(message.id)?.abort(stopped());
      return;
    }
    const controller = new AbortController();
    running.set(message.id, controller);
    last = last.then(() => answer(perform, message, controller.signal)).finally(() => running.delete(message.id));
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stopAll);
  process.on("disconnect", () => {
    stopAll();
    setTimeout(() => process.exit(1), longestFarewell).unref();
    last.finally(() => process.exit(0));
  });
}

async function answer(
  perform: PerformTask,
  { id, task, places }: Extract<ToWorker, { readonly type: "start" }>,
  signal: AbortSignal,
): Promise<void> {
  const tell = (news: WorkerNews) => void send({ type: "news", id, news });
  try {
    await send({ type: "done", id, result: await perform(task, { places, signal, tell }) });
  } catch (error) {
    await send({ type: "failed", id, error: errorData(error) });
  }
}

/** Resolves when the message is on its way; a daemon that is gone hears nothing. */
function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });
}

function errorData(thrown: unknown): { readonly code: string; readonly what: string; readonly fix: string } {
  const error = memoryError(thrown);
  if (error instanceof LoftError) return { code: error.code, what: error.what, fix: error.fix };
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  const what = error instanceof Error ? error.message : String(error);
  return { code: "internal", what, fix: "This is a mistake in LoFT: please report it with `loft daemon logs`." };
}

function stopped(): LoftError {
  return loftError("interrupted", {
    what: "Stopped before everything was done; what is finished is saved.",
    fix: "Start it again: it goes on where it was.",
  });
}

main();
