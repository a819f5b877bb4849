/** One process per run folder: its lock, and what a second process is told. */
import { loftError } from "../base/errors.ts";
import { holderText, type ProcessLock, takeLock } from "../base/process-lock.ts";
import { inRun, runPaths } from "./run-folder.ts";

/**
 * Take the lock of a run folder (its `.loft` folder must exist).
 * @throws LoftError "run-locked" when a living process holds it, "output-unwritable", "disk-full"
 */
export async function lockRun(root: string): Promise<ProcessLock> {
  return takeLock(inRun(root, runPaths.lock), (holder) => {
    const { who, wait } = holderText(holder);
    return loftError("run-locked", { what: `${who} is working on ${root}.`, fix: wait });
  });
}
