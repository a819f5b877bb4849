/** Runs a graph on the CPU with plain feeds, for tests. */
import type { HostTensor } from "../../daemon/engine/graph/tensor.ts";
import type { Value } from "../../daemon/engine/graph/value.ts";
import { runOnce } from "../../daemon/engine/runtime/session.ts";

export const cpu = { provider: "cpu", threads: 1 } as const;

/** The outputs of a graph, run once on one CPU thread. */
export function runGraph(outputs: Record<string, Value>, feeds: Record<string, HostTensor>) {
  return runOnce(outputs, feeds, cpu);
}

/** |x - reference| / |reference| in euclidean norms; the absolute norm where the reference is 0. */
export function relativeError(x: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (x.length !== reference.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < reference.length; index += 1) {
    difference += (x[index]! - reference[index]!) ** 2;
    norm += reference[index]! ** 2;
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}
