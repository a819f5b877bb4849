/** Walking graphs: every node that some values reach, inputs first. */
import type { Node, OpNode, Value } from "./value.ts";

/** Nodes in topological order. Iterative, because training graphs are deeper than the call stack. */
export function nodesOf(outputs: readonly Value[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; expanded: boolean }[] = outputs.map(({ node }) => ({ node, expanded: false })).reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.expanded) order.push(top.node);
    else if (!seen.has(top.node)) {
      seen.add(top.node);
      stack.push({ node: top.node, expanded: true });
      for (const value of [...inputsOf(top.node)].reverse()) stack.push({ node: value.node, expanded: false });
    }
  }
  return order;
}

/** The operation nodes among them. */
export function opNodesOf(outputs: readonly Value[]): OpNode[] {
  return nodesOf(outputs).filter((node): node is OpNode => node.kind === "op");
}

function inputsOf(node: Node): readonly Value[] {
  return node.kind === "op" ? node.inputs : [];
}
