/** A graph as text, one operation a line: for tests and for reading. */
import { showShape } from "./shape.ts";
import type { Value } from "./value.ts";
import { nodesOf } from "./walk.ts";

/** `%2 = matmul(%0, %1) [2, 4]`, a line an operation, in order of evaluation. */
export function printGraph(outputs: readonly Value[]): string {
  const names = new Map<unknown, string>();
  const lines: string[] = [];
  for (const node of nodesOf(outputs)) {
    if (node.kind === "input" || node.kind === "weight") names.set(node, node.name);
    else names.set(node, node.kind === "constant" ? constantText(node.data) : `%${lines.length}`);
    if (node.kind !== "op") continue;
    const args = node.inputs.map(
      (value) => `${names.get(value.node)}${value.outputIndex ? `.${value.outputIndex}` : ""}`,
    );
    const attributes = Object.entries(node.attributes).map(([key, value]) => `${key}=${String(value)}`);
    const shapes = node.outputs.map((value) => showShape(value.shape)).join(" ");
    lines.push(`${names.get(node)} = ${node.op.name}(${[...args, ...attributes].join(", ")}) ${shapes}`);
  }
  return lines.join("\n");
}

function constantText(data: ArrayLike<number | bigint>): string {
  return data.length === 1 ? String(data[0]) : `constant(${data.length})`;
}
