/** Everything to tell a user about a prepared job that does not stop it. Pure. */
import type { PreparedJob } from "./prepare-job.ts";

export type PreparedWarning = { readonly what: string; readonly fix?: string };

/** Remarks about the configuration, the photos and the plan, in this order. */
export function preparedWarnings({
  problems,
  photoProblems,
  plan,
}: Pick<PreparedJob, "problems" | "photoProblems" | "plan">): readonly PreparedWarning[] {
  return [
    ...problems.map(({ message, line, fix }) => ({
      what: `line ${line}: ${message}`,
      ...(fix === undefined ? {} : { fix }),
    })),
    ...photoProblems.map(({ path, message, fix }) => ({ what: `${path}: ${message}`, fix })),
    ...plan.warnings.map(({ what, fix }) => ({ what, fix })),
  ];
}
