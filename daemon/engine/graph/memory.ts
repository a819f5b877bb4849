/** How much memory a graph's values take at once: a forecast, since ONNX Runtime fuses and orders in its own way. */
import { dtypeBytes } from "./dtype.ts";
import { type Shape, sizeOf } from "./shape.ts";
import type { Node, OpNode, Value } from "./value.ts";
import { nodesOf } from "./walk.ts";

export type MemoryOptions = {
  /** 16-bit weights are widened just before their use, as in large models on the CPU; else once, when loading. */
  readonly widenLate?: boolean;
  /** Large attention is computed in blocks, by ONNX Runtime's own operation. */
  readonly ownAttention?: boolean;
};

/** Operations whose result shares the memory of their input. */
const views: ReadonlySet<string> = new Set(["reshape"]);

/** Operations that write over an operand of the same size which nothing needs afterwards. */
const inPlace: ReadonlySet<string> = new Set(["add", "sub", "mul", "div", "neg", "exp", "sqrt", "sigmoid", "erf"]);

/**
 * The largest sum of bytes that are alive together when the graph is computed node by node: activations, what single
 * operations need besides, and what is fed and fetched. Stored weights are not counted.
 */
export function peakBytes(outputs: readonly Value[], options: MemoryOptions = {}): number {
  const order = nodesOf(outputs);
  const endings = endingsOf(order, outputs);
  let alive = 0;
  let peak = 0;
  for (const [time, node] of order.entries()) {
    if (node.kind !== "op") continue;
    const ended = endings.get(time) ?? [];
    const made = views.has(node.op.name) ? 0 : totalBytes(node.outputs);
    const reused = reusedBytes(node, ended);
    peak = Math.max(peak, alive - reused + made + scratchBytes(node, options));
    alive += made - totalBytes(ended);
  }
  return peak + fedBytes(order) + totalBytes(outputs);
}

/** Values by the time after which nothing needs them; those that are fetched have none. A view keeps what it looks at. */
function endingsOf(order: readonly Node[], outputs: readonly Value[]): ReadonlyMap<number, readonly Value[]> {
  const lastUse = new Map<Node, number[]>();
  const use = (value: Value, time: number) => {
    const { node, outputIndex } = viewed(value);
    if (node.kind !== "op") return;
    const times = lastUse.get(node) ?? [];
    times[outputIndex] = time;
    lastUse.set(node, times);
  };
  for (const [time, node] of order.entries()) {
    if (node.kind !== "op") continue;
    // What nothing uses ends with its node.
    if (!views.has(node.op.name)) for (const value of node.outputs) use(value, time);
    for (const value of node.inputs) use(value, time);
  }
  for (const value of outputs) use(value, Number.POSITIVE_INFINITY);
  const endings = new Map<number, Value[]>();
  for (const [node, times] of lastUse) {
    for (const [outputIndex, time] of times.entries()) {
      const ended = endings.get(time) ?? [];
      if (ended.push((node as OpNode).outputs[outputIndex]!) === 1) endings.set(time, ended);
    }
  }
  return endings;
}

/** The value whose memory this one is. */
function viewed(value: Value): Value {
  let at = value;
  while (at.node.kind === "op" && views.has(at.node.op.name)) at = at.node.inputs[0]!;
  return at;
}

/** Bytes of an operand that the node's result is written over. */
function reusedBytes(node: OpNode, ended: readonly Value[]): number {
  if (!inPlace.has(node.op.name)) return 0;
  const wanted = bytesOf(node.outputs[0]!);
  const isOperand = (value: Value) => value.node !== node && bytesOf(value) === wanted;
  return ended.some(isOperand) ? wanted : 0;
}

/** Memory that a node needs only while it is computed. */
function scratchBytes(node: OpNode, { widenLate = false, ownAttention = false }: MemoryOptions): number {
  const { op, inputs, outputs } = node;
  switch (op.name) {
    case "attention":
      // The scores, beside the probabilities; large ones are no output.
      if (outputs.length === 2) return bytesOf(outputs[1]!);
      return ownAttention && inputs.length === 3 ? 0 : 2 * scoreBytes(inputs);
    case "convTranspose2d":
      return columnBytes(inputs) + (widenLate ? wideningBytes(inputs[1]!) : 0);
    case "conv2d":
    case "linear":
      return widenLate ? wideningBytes(inputs[1]!) : 0;
    default:
      return 0;
  }
}

/** Of the scores of each query and key. */
function scoreBytes([query, key]: readonly Value[]): number {
  return bytesOf({ shape: [...query!.shape.slice(0, 3), key!.shape[2]!], dtype: query!.dtype });
}

/** A transposed convolution multiplies first, one row of the batch at a time, and adds up columns afterwards. */
function columnBytes([x, weight]: readonly Value[]): number {
  const [, , height, width] = x!.shape as [number, number, number, number];
  const [, out, kernelHeight, kernelWidth] = weight!.shape as [number, number, number, number];
  return height * width * out * kernelHeight * kernelWidth * dtypeBytes[x!.dtype];
}

/** A 16-bit weight is copied as it is, then as f32. */
function wideningBytes(weight: Value): number {
  return weight.dtype === "f16" || weight.dtype === "bf16" ? bytesOf(weight) + 4 * sizeOf(weight.shape) : 0;
}

function fedBytes(order: readonly Node[]): number {
  return order.reduce((sum, node) => sum + (node.kind === "input" ? bytesOf(node.type) : 0), 0);
}

function totalBytes(values: readonly Value[]): number {
  return values.reduce((sum, value) => sum + bytesOf(value), 0);
}

function bytesOf({ shape, dtype }: { readonly shape: Shape; readonly dtype: Value["dtype"] }): number {
  return sizeOf(shape) * dtypeBytes[dtype];
}
