/** Runs a graph on the CPU with plain feeds, for tests. */
import type { HostTensor } from "../../daemon/engine/graph/tensor.ts";
import type { Value } from "../../daemon/engine/graph/value.ts";
import { createSession } from "../../daemon/engine/runtime/session.ts";

export const cpu = { provider: "cpu", threads: 1 } as const;

/** The outputs of a graph, run once on one CPU thread. */
export async function runGraph(outputs: Record<string, Value>, feeds: Record<string, HostTensor>) {
  const session = await createSession(outputs, cpu);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}
