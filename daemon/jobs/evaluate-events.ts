/** What an evaluation tells while it goes on: the events of its parts, to whoever listens and in the run's journal. */
import type { EvaluationPart, OwnEvent, RunEvent } from "../../schemas/run-event.ts";
import { LoftError } from "../base/errors.ts";
import { type MethodRun, runTitle } from "./evaluate-methods.ts";
import { type EventLog, openEventLog } from "./event-log.ts";
import { inRun, runPaths } from "./run-folder.ts";
import type { RunOptions } from "./run-job.ts";

export type EvaluationTeller = {
  /** What a method's run needs to tell its events; the configuration's own run keeps its journal itself. */
  readonly ofMethod: (method: MethodRun, part: number) => Pick<RunOptions, "emit" | "evaluation">;
  /** Carry out the last part, and tell how it ends. */
  readonly judge: <T>(action: (emit: (event: RunEvent) => void) => Promise<T>) => Promise<T>;
  readonly lastPart: EvaluationPart;
  readonly close: () => Promise<void>;
};

/**
 * Open the journal of a run folder, which must exist.
 * @throws LoftError "disk-full", "output-unwritable"
 */
export async function openEvaluationTeller(
  root: string,
  { parts, emit }: { readonly parts: number; readonly emit: (event: RunEvent) => void },
): Promise<EvaluationTeller> {
  const log = await openEventLog<RunEvent>(inRun(root, runPaths.events));
  const tellFor = (method: string | null) => (event: RunEvent) => {
    const told = event.type === "evaluation" ? event : ({ type: "evaluation", method, event } as const);
    emit(told);
    // The journal is for those who look on: what cannot be written must not end the evaluation.
    log.append(told).catch(() => undefined);
  };
  return {
    ofMethod: (run, part) => ({
      emit: run.root === root ? emit : tellFor(runTitle(run)),
      evaluation: { part, parts },
    }),
    judge: (action) => tellingTheEnd(tellFor(null), action),
    lastPart: { part: parts - 1, parts },
    close: () => closed(log),
  };
}

async function tellingTheEnd<T>(
  tell: (event: OwnEvent) => void,
  action: (emit: (event: RunEvent) => void) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  let [adapters, failed] = [0, 0];
  const emit = (event: RunEvent) => {
    if (event.type === "adapter-finished") adapters += 1;
    if (event.type === "task-failed") failed += 1;
    if (event.type !== "evaluation") tell(event);
  };
  const made = () => ({ adapters, images: 0, seconds: (performance.now() - started) / 1000 });
  try {
    const result = await action(emit);
    tell({ type: "run-finished", ...made(), failed });
    return result;
  } catch (error) {
    if (error instanceof LoftError && error.code === "interrupted") tell({ type: "run-interrupted", ...made() });
    throw error;
  }
}

async function closed(log: EventLog<RunEvent>): Promise<void> {
  await log.close().catch(() => undefined);
}
