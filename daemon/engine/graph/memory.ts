/** How much memory a graph's values take at once: a forecast, since ONNX Runtime fuses and reuses in its own way. */
import { dtypeBytes } from "./dtype.ts";
import { sizeOf } from "./shape.ts";
import type { Node, Value } from "./value.ts";
import { nodesOf } from "./walk.ts";

/** Operations whose result shares the memory of their input. */
const views: ReadonlySet<string> = new Set(["reshape"]);

/** The largest sum of bytes that are alive together when the graph is computed node by node; stored weights not counted. */
export function peakBytes(outputs: readonly Value[]): number {
  const order = nodesOf(outputs);
  const lastUse = new Map<Node, number>();
  for (const [time, node] of order.entries()) {
    if (node.kind === "op") for (const { node: used } of node.inputs) lastUse.set(used, time);
  }
  for (const { node } of outputs) lastUse.set(node, order.length);
  let alive = 0;
  let peak = 0;
  const endings = new Map<number, number>();
  for (const [time, node] of order.entries()) {
    const bytes = bytesOf(node);
    alive += bytes;
    peak = Math.max(peak, alive);
    const end = lastUse.get(node) ?? time;
    endings.set(end, (endings.get(end) ?? 0) + bytes);
    alive -= endings.get(time) ?? 0;
  }
  return peak;
}

function bytesOf(node: Node): number {
  if (node.kind !== "op" || views.has(node.op.name)) return 0;
  return node.outputs.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * dtypeBytes[dtype], 0);
}
