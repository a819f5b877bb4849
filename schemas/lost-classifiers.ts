/** What the end of an evaluation leaves to show, for all who follow one in the daemon. */
import type { RunSummary } from "./protocol.ts";

/** Whether classifiers were lost and nothing else: the others are in the table. Once they are trained no other task fails. */
export function lostOnlyClassifiers({ work, progress, error }: RunSummary): boolean {
  return work === "evaluate" && error?.code === "task-failed" && progress?.stage === "evaluating";
}
