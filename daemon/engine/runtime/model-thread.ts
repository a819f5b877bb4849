/** A loaded model on a thread of its own: several run side by side, and the thread that waits for them goes on. */
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { InferenceSession } from "onnxruntime-node";
import type { LoadedModel, RawTensors } from "./loaded-model.ts";
import { turnTelemetryOff } from "./no-telemetry.ts";

/** How many tasks a thread has not finished: one number in shared memory. */
export type OpenTasks = Int32Array<SharedArrayBuffer>;

/** No task yet. */
export function openTasks(): OpenTasks {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** A thread that hangs must not keep a process from ending. */
const longestWait = 60_000;

/**
 * Block until the threads have finished their tasks. The process must not end before: a thread that comes back from the
 * runtime into a process that is being taken down brings it down with a signal.
 */
export function waitForTasks(threads: readonly OpenTasks[]): void {
  const deadline = performance.now() + longestWait;
  for (const tasks of threads) {
    for (
      let count = Atomics.load(tasks, 0);
      0 < count && performance.now() < deadline;
      count = Atomics.load(tasks, 0)
    ) {
      Atomics.wait(tasks, 0, count, deadline - performance.now());
    }
  }
}

/**
 * What the thread does, as text: a thread starts from a file or from text, and a file would need a place beside each
 * bundle. It answers one message after another; arrays change hands without being copied.
 */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { InferenceSession, Tensor } = require(workerData.runtime);
let session;
const held = {};
const tensorsOf = (feeds) =>
  Object.fromEntries(Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)]));
const tasks = {
  load: async ({ bytes, options }) => {
    session = await InferenceSession.create(bytes, options);
  },
  hold: (feeds) => void Object.assign(held, tensorsOf(feeds)),
  run: async ({ feeds, outputs }) => {
    const results = Object.entries(await session.run({ ...held, ...tensorsOf(feeds) }, outputs));
    return Object.fromEntries(results.map(([name, { type, data, dims }]) => [name, { type, data, dims }]));
  },
  release: () => session?.release(),
};
const answer = async ({ task, argument }) => {
  try {
    const result = await tasks[task](argument);
    const arrays = Object.values(result ?? {}).map(({ data }) => data.buffer);
    parentPort.postMessage({ result }, [...new Set(arrays)]);
  } catch (error) {
    parentPort.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
  Atomics.sub(workerData.tasks, 0, 1);
  Atomics.notify(workerData.tasks, 0);
};
// What cannot be answered ends the thread, and with it every question.
const fail = (error) => queueMicrotask(() => { throw error; });
let last = Promise.resolve();
parentPort.on("message", (message) => {
  last = last.then(() => answer(message)).catch(fail);
});
parentPort.on("messageerror", fail);
`;

/**
 * JavaScript's machine reserves half a gigabyte of addresses for the machine code of each thread, and ends the process
 * where a limit leaves no such room. The program above needs next to none.
 */
const resourceLimits = { codeRangeSizeMb: 16 } as const;

type Answer = { readonly result?: RawTensors; readonly error?: string };

type Asked = { readonly resolve: (result: RawTensors) => void; readonly reject: (reason: Error) => void };

type Ask = (
  task: "load" | "hold" | "run" | "release",
  argument?: unknown,
  arrays?: readonly ArrayBuffer[],
) => Promise<RawTensors>;

/** Load a model on a new thread. Feeds are handed over: their arrays are empty afterwards. */
export async function loadModelOnThread(
  bytes: Uint8Array,
  options: InferenceSession.SessionOptions,
  tasks: OpenTasks,
): Promise<LoadedModel> {
  turnTelemetryOff();
  const runtime = createRequire(import.meta.url).resolve("onnxruntime-node");
  const worker = new Worker(program, { eval: true, execArgv: [], workerData: { runtime, tasks }, resourceLimits });
  const ask = questionsTo(worker, tasks);
  try {
    await ask("load", { bytes, options });
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    hold: async (feeds) => {
      await ask("hold", feeds, arraysOf(feeds));
    },
    run: (feeds, outputs) => ask("run", { feeds, outputs }, arraysOf(feeds)),
    release: async () => {
      // A thread that died has nothing left to release.
      await ask("release").catch(() => {});
      await worker.terminate();
    },
  };
}

function arraysOf(feeds: RawTensors): ArrayBuffer[] {
  return [...new Set(Object.values(feeds).map(({ data }) => data.buffer as ArrayBuffer))];
}

/** Answers come in the order of the questions. A thread keeps the process alive only while one is open. */
function questionsTo(worker: Worker, tasks: OpenTasks): Ask {
  const open: Asked[] = [];
  let failure: Error | undefined;
  const giveUp = (reason: Error) => {
    failure ??= reason;
    for (const { reject } of open.splice(0)) reject(failure);
  };
  const settle = ({ result, error }: Answer) => {
    const asked = open.shift();
    if (open.length === 0) worker.unref();
    if (error === undefined) asked?.resolve(result ?? {});
    else asked?.reject(new Error(error));
  };
  worker.on("message", settle);
  worker.on("messageerror", (error) => settle({ error: error.message }));
  worker.on("error", giveUp);
  worker.on("exit", () => {
    // Nobody knows how far it came.
    Atomics.store(tasks, 0, 0);
    giveUp(new Error("the thread of the model ended"));
  });
  return (task, argument, arrays = []) =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) throw failure;
      // First what can fail: a question that was not sent has no answer.
      worker.postMessage({ task, argument }, arrays);
      open.push({ resolve, reject });
      Atomics.add(tasks, 0, 1);
      worker.ref();
    });
}
