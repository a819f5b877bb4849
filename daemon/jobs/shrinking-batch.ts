/** Batches that become smaller when memory runs out. Results do not depend on it: no row of a batch knows the others. */
import { LoftError, loftError } from "../base/errors.ts";
import { memoryError } from "../base/memory-error.ts";

export type ShrinkingBatch = {
  /** Items that are worked on at once at the moment. */
  readonly size: () => number;
  /**
   * Work on items, `size` at once, in order. A part for which memory runs out is cut in halves and begun anew, and the
   * size stays so small; what `work` has finished of it must not harm when it comes again.
   * @throws LoftError "out-of-memory" when a single item is too large; whatever else `work` throws
   */
  readonly run: <Item>(items: readonly Item[], work: (part: readonly Item[]) => Promise<void>) => Promise<void>;
};

/** @param onShrink told how many items were too many, and how many it goes on with */
export function shrinkingBatch(start: number, onShrink: (from: number, to: number) => void): ShrinkingBatch {
  let size = start;
  return {
    size: () => size,
    run: async (items, work) => {
      for (let done = 0; done < items.length; ) {
        const part = items.slice(done, done + size);
        try {
          await work(part);
          done += part.length;
        } catch (thrown) {
          const error = memoryError(thrown);
          if (!isOutOfMemory(error)) throw error;
          if (part.length === 1) throw tooLarge(error);
          size = Math.floor(part.length / 2);
          onShrink(part.length, size);
        }
      }
    },
  };
}

/** The warning about a batch of adapters ("training") or images ("sampling") that was halved. */
export function shrunkWarning(part: "training" | "sampling", from: number, to: number) {
  const items = { training: "adapters", sampling: "images" }[part];
  return {
    type: "warning",
    what: `Memory ran out with ${from} ${items} at once; going on with ${to}. Results are the same.`,
    fix: `Set ${part}.batchSize to ${to}, so that no time is lost next time.`,
  } as const;
}

function isOutOfMemory(error: unknown): error is LoftError {
  return error instanceof LoftError && error.code === "out-of-memory";
}

function tooLarge(cause: LoftError): LoftError {
  return loftError("out-of-memory", {
    what: `${cause.what} It was one at a time already.`,
    fix: "Make training.resolution smaller, use a smaller model, or end other programs. `loft plan` forecasts the memory of a run.",
    cause,
  });
}
