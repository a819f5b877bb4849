/** Warnings about runs that need more memory than there is, with the sizes that would fit. Pure but for the default. */
import { byteText } from "../base/byte-text.ts";
import { machineMemory } from "../engine/runtime/machine-memory.ts";
import { type MemoryDemand, memoryDemands, type PlannedWork } from "./memory-forecast.ts";

export type MemoryWarning = { readonly what: string; readonly fix: string };

/** One for training and one for sampling at most. */
export function memoryWarnings(prepared: PlannedWork, available = machineMemory()): readonly MemoryWarning[] {
  return memoryDemands(prepared).flatMap((demand) => memoryWarning(demand, available) ?? []);
}

/** What to tell about a demand; undefined where it fits into `available` bytes. */
export function memoryWarning(demand: MemoryDemand, available: number): MemoryWarning | undefined {
  const { part, rows, resolution, bytes } = demand;
  const needed = bytes(rows, resolution);
  if (needed <= available) return undefined;
  return {
    what: `${titles[part]} will take about ${byteText(needed)} of memory (${part}.batchSize ${rows}, ${resolution} pixels a side); this machine has ${byteText(available)}.`,
    fix: whatFits(demand, available),
  };
}

const titles = { training: "Training", sampling: "Sampling" } as const;

/** Resolutions that are advised are multiples of this, as all Stable Diffusion models take them. */
const resolutionStep = 64;

/** The largest batch that fits; where not even one row does, the largest resolution. */
function whatFits({ part, rows, resolution, bytes }: MemoryDemand, available: number): string {
  const batch = largest(rows, (count) => bytes(count, resolution) <= available);
  if (0 < batch) {
    return `Set ${part}.batchSize to at most ${batch}: about ${byteText(bytes(batch, resolution))}.`;
  }
  const steps = Math.floor((resolution - 1) / resolutionStep);
  const side = resolutionStep * largest(steps, (count) => bytes(1, count * resolutionStep) <= available);
  if (side === 0) return "Use a smaller model, or a machine with more memory.";
  return `Set training.resolution to at most ${side} and ${part}.batchSize to 1: about ${byteText(bytes(1, side))}.`;
}

/** The largest of 1 ... `most` that fits, 0 for none; what is larger than one that does not fit does not fit either. */
function largest(most: number, fits: (count: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
