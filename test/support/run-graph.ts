/** Runs a graph on the CPU with plain feeds, for tests. */
import type { HostTensor } from "../../daemon/engine/graph/tensor.ts";
import type { Value } from "../../daemon/engine/graph/value.ts";
import { runOnce } from "../../daemon/engine/runtime/session.ts";

export const cpu = { provider: "cpu", threads: 1 } as const;

/** The outputs of a graph, run once on one CPU thread. */
export function runGraph(outputs: Record<string, Value>, feeds: Record<string, HostTensor>) {
  return runOnce(outputs, feeds, cpu);
}
