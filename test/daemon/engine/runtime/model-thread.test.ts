/** A thread that fails in any way answers what it was asked: with an error, never with silence. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { float32 } from "../../../../daemon/engine/graph/tensor.ts";
import { input } from "../../../../daemon/engine/graph/value.ts";
import { sin } from "../../../../daemon/engine/ops/elementwise.ts";
import { openTasks } from "../../../../daemon/engine/runtime/model-thread.ts";
import { createSession } from "../../../../daemon/engine/runtime/session.ts";
import { loftErrorOf } from "../../../support/loft-error.ts";
import { cpu } from "../../../support/run-graph.ts";

/** A session on a thread of its own, the thread, and the count of what it has not finished. */
async function sessionOnThread() {
  const tasks = openTasks();
  const made = once(process, "worker") as Promise<[Worker]>;
  const session = await createSession({ waves: sin(input("numbers", [3])) }, { ...cpu, ownThread: tasks });
  onTestFinished(() => session.release());
  const [worker] = await made;
  const run = () => session.run({ numbers: float32(Float32Array.of(1, 2, 3), [3]) });
  return { session, worker, run, open: () => Atomics.load(tasks, 0) };
}

/** Megabytes of addresses that this process has. */
function addresses(): number {
  return Number(/VmSize:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

test.runIf(process.platform === "linux")("a thread takes few addresses: they may be limited", async () => {
  const before = addresses();
  await sessionOnThread();
  expect(addresses() - before).toBeLessThan(300);
});

test("a thread that ends while it works", async () => {
  const { worker, run, open } = await sessionOnThread();
  const asked = [run(), run()];
  await worker.terminate();
  for (const answer of asked) await loftErrorOf(() => answer, "session-failed");
  await loftErrorOf(run, "session-failed");
  expect(open()).toBe(0);
});

test("a thread that cannot make sense of what it is sent", async () => {
  const { worker, run, open } = await sessionOnThread();
  // As good as a message that cannot be read: there is no task in it. The questions after it are not answered either.
  worker.postMessage(undefined);
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  await loftErrorOf(run, "session-failed");
  await ended;
  expect(open()).toBe(0);
});

test("an answer that cannot be read is an error, and the next one comes", async () => {
  const { worker, run, open } = await sessionOnThread();
  const emit = worker.emit;
  worker.emit = (event: string, ...rest: unknown[]) =>
    event === "message"
      ? emit.call(worker, "messageerror", new Error("lost on its way"))
      : emit.call(worker, event, ...(rest as []));
  expect((await loftErrorOf(run, "session-failed")).what).toContain("lost on its way");
  worker.emit = emit;
  expect((await run()).waves?.shape).toEqual([3]);
  // The thread counts after it has answered.
  await expect.poll(open).toBe(0);
});
