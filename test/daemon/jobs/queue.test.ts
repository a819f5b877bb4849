/** The queue and the states of runs: whatever happens in whatever order, no device has two runs and none is overtaken. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isActive, type JobEvent, nextState } from "../../../daemon/jobs/job-state.ts";
import { begun, dequeued, enqueued, nextToBegin, type Queue } from "../../../daemon/jobs/queue.ts";
import type { RunState } from "../../../schemas/protocol.ts";

describe("the queue", () => {
  it.each<[name: string, queue: readonly string[], next: string | undefined]>([
    ["is empty", [], undefined],
    ["has one that waits", ["a cpu"], "a"],
    ["has the device taken", ["a cpu working", "b cpu"], undefined],
    ["has another device free", ["a cpu working", "b cuda"], "b"],
    ["keeps the order on a device", ["a cpu working", "b cpu", "c cpu", "d cuda"], "d"],
    ["lets nobody pass who may want any device", ["a cpu working", "b auto", "c cuda"], undefined],
    ["gives auto nothing while anything works", ["a cuda working", "b auto"], undefined],
    ["gives nothing while auto works", ["a auto working", "b cpu", "c cuda"], undefined],
  ])("%s", (_, lines, next) => {
    expect(nextToBegin(queueOf(lines))).toBe(next);
  });

  it("never has two runs on a device, and ends empty", () => {
    const device = fc.constantFrom("cpu", "cuda", "auto");
    fc.assert(
      fc.property(fc.array(device, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (devices, choices) => {
        let queue = devices.reduce<Queue>((all, one, index) => enqueued(all, `${index}`, one), []);
        while (0 < queue.length) {
          for (let next = nextToBegin(queue); next !== undefined; next = nextToBegin(queue)) queue = begun(queue, next);
          const working = queue.filter(({ state }) => state === "working");
          expect(working.length).toBeGreaterThan(0);
          const names = working.map((entry) => entry.device);
          expect(new Set(names).size).toBe(names.length);
          if (names.includes("auto")) expect(names).toEqual(["auto"]);
          queue = dequeued(queue, working[choices.next().value % working.length]?.run as string);
        }
      }),
    );
  });
});

describe("the states of a run", () => {
  it.each<[from: RunState, events: readonly JobEvent[], to: RunState | undefined]>([
    ["interrupted", ["enqueue", "begin", "finish"], "finished"],
    ["interrupted", ["enqueue", "cancel"], "interrupted"],
    ["queued", ["begin", "cancel", "interrupt"], "interrupted"],
    ["queued", ["begin", "cancel", "cancel", "finish"], "finished"],
    ["running", ["cancel", "fail"], "failed"],
    ["failed", ["enqueue", "begin", "fail", "enqueue"], "queued"],
    ["queued", ["begin", "requeue", "begin", "fail"], "failed"],
    ["cancelling", ["requeue"], undefined],
    ["finished", ["cancel"], undefined],
    ["running", ["enqueue"], undefined],
    ["queued", ["finish"], undefined],
  ])("%s after %j is %s", (from, events, to) => {
    const end = events.reduce<RunState | undefined>((state, event) => state && nextState(state, event), from);
    expect(end).toBe(to);
  });

  it("are active exactly while something is still to happen by itself", () => {
    const states: readonly RunState[] = ["queued", "running", "cancelling", "finished", "interrupted", "failed"];
    for (const state of states) expect(isActive(state)).toBe(nextState(state, "fail") !== undefined);
  });
});

function queueOf(lines: readonly string[]): Queue {
  return lines.reduce<Queue>((queue, line) => {
    const [run, device, state] = line.split(" ") as [string, string, string?];
    const longer = enqueued(queue, run, device);
    return state === undefined ? longer : begun(longer, run);
  }, []);
}
