/** How much there is to compute in a graph: what its time goes by, whatever the machine. */
import { sizeOf } from "./shape.ts";
import type { OpNode, Value } from "./value.ts";
import { nodesOf } from "./walk.ts";

/** Multiplications of all matrix products and convolutions; what is done element by element is not counted. */
export function multiplications(outputs: readonly Value[]): number {
  return nodesOf(outputs).reduce((sum, node) => sum + (node.kind === "op" ? ofNode(node) : 0), 0);
}

function ofNode({ op, inputs: [left, right], outputs: [result] }: OpNode): number {
  const weight = right?.shape ?? [];
  switch (op.name) {
    // Queries [..., n, width] with m keys, and what m values give: [..., n, width].
    case "attention":
      return (sizeOf(left!.shape) + sizeOf(result!.shape)) * right!.shape.at(-2)!;
    // [batch, out, ...] of weight [out, in, kernel, kernel].
    case "conv2d":
      return sizeOf(result!.shape) * sizeOf(weight.slice(1));
    // The same from the other end.
    case "convTranspose2d":
      return sizeOf(left!.shape) * sizeOf(weight.slice(1));
    // [..., out] of weight [out, in] or [in, out].
    case "linear":
      return (sizeOf(result!.shape) / result!.shape.at(-1)!) * sizeOf(weight);
    // [..., n, m]: each element is a sum over k, and left is [..., n, k].
    case "matmul":
      return sizeOf(result!.shape) * (sizeOf(left!.shape.slice(-2)) / result!.shape.at(-2)!);
    default:
      return 0;
  }
}
