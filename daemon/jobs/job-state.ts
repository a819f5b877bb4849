/** The states of a run in the daemon and what moves it from one to the next. Pure. */
import type { RunState } from "../../schemas/protocol.ts";

/** What can happen to a run. */
export type JobEvent = "enqueue" | "begin" | "cancel" | "finish" | "interrupt" | "fail" | "requeue";

/** For each state what may happen in it, and where that leads. */
const transitions: Readonly<Record<RunState, Partial<Readonly<Record<JobEvent, RunState>>>>> = {
  queued: { begin: "running", cancel: "interrupted", fail: "failed" },
  running: { cancel: "cancelling", finish: "finished", interrupt: "interrupted", fail: "failed", requeue: "queued" },
  // A run that reaches its end before it hears of the cancel is finished all the same.
  cancelling: { cancel: "cancelling", finish: "finished", interrupt: "interrupted", fail: "failed" },
  finished: { enqueue: "queued" },
  interrupted: { enqueue: "queued" },
  failed: { enqueue: "queued" },
};

/** The state after an event; undefined when it cannot happen in this state. */
export function nextState(state: RunState, event: JobEvent): RunState | undefined {
  return transitions[state][event];
}

/** Whether a run is waiting or at work. */
export function isActive(state: RunState): boolean {
  return state === "queued" || state === "running" || state === "cancelling";
}
