/** The exit codes of `loft`. Scripts depend on them: they do not change. */
import type { ErrorCode } from "../base/errors.ts";

export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Mistakes in the command line or in what the configuration says: running again without a change cannot help. */
const usageCodes: ReadonlySet<string> = new Set<ErrorCode>([
  "usage-invalid",
  "config-invalid",
  "config-missing",
  "data-folder-missing",
  "data-folder-empty",
  "data-folder-layout",
  "model-missing",
]);

/** The exit code for an error's code. */
export function exitCodeOf(code: string): number {
  if (code === "interrupted") return exitCodes.interrupted;
  return usageCodes.has(code) ? exitCodes.usage : exitCodes.failed;
}
