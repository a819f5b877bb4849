/** How much memory this process may use at most: the machine's, or less where a container sets a limit. */
import { totalmem } from "node:os";

/** Bytes; a limit of a cgroup (version 1 or 2) counts where it is below what the machine has. */
export function machineMemory(): number {
  return usableMemory(totalmem(), process.constrainedMemory());
}

/** @param limit 0 or undefined: unknown; without a limit the kernel tells a number far above any machine's memory */
export function usableMemory(total: number, limit: number | undefined): number {
  return limit === undefined || limit <= 0 ? total : Math.min(total, limit);
}
