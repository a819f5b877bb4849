/**
 * Reverse-mode differentiation: from a graph to the graph of its gradients. Knows operations only through their vjp.
 */
import { hostArray } from "../graph/dtype.ts";
import { gradientMissing } from "../graph/op.ts";
import { constant, type Node, type OpNode, type Value } from "../graph/value.ts";
import { opNodesOf } from "../graph/walk.ts";
import { accumulate } from "../ops/matmul.ts";
import { expand } from "../ops/movement.ts";

/**
 * Gradients of the sum of `loss` with respect to each value of `wrt`, each of its value's shape.
 * A value that does not reach the loss gets zeros.
 * @throws LoftError "gradient-missing" where an operation on the way has none; gradients of gradients are not built
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  const order = opNodesOf([loss]);
  const trained = reachedFrom(order, wrt);
  const cotangents = new Map<Node, (Value | undefined)[]>();
  const send = (value: Value, cotangent: Value) => {
    const own = cotangents.get(value.node) ?? [];
    const sofar = own[value.outputIndex];
    own[value.outputIndex] = sofar === undefined ? cotangent : accumulate(sofar, cotangent);
    cotangents.set(value.node, own);
  };
  send(loss, filled(loss, 1));
  for (const node of order.toReversed()) {
    const arrived = cotangents.get(node);
    if (arrived !== undefined && trained.has(node)) sendBack(node, arrived, trained, send);
  }
  return wrt.map((value) => cotangents.get(value.node)?.[value.outputIndex] ?? filled(value, 0));
}

function sendBack(
  node: OpNode,
  cotangents: readonly (Value | undefined)[],
  trained: ReadonlySet<Node>,
  send: (value: Value, cotangent: Value) => void,
): void {
  const [cotangent, ...others] = cotangents;
  // The other outputs are there for the gradient to use again: only a gradient of a gradient reaches them.
  if (cotangent === undefined || 0 < others.length) throw gradientMissing(node.op.name);
  const needs = node.inputs.map((value) => trained.has(value.node));
  const { inputs, outputs, attributes } = node;
  const results = node.op.vjp({ inputs, outputs, attributes, cotangent, needs });
  for (const [index, result] of results.entries()) {
    if (result !== undefined && needs[index]) send(inputs[index]!, result);
  }
}

/** The nodes of `wrt` and every operation that depends on one of them. */
function reachedFrom(order: readonly OpNode[], wrt: readonly Value[]): ReadonlySet<Node> {
  const reached = new Set<Node>(wrt.map(({ node }) => node));
  for (const node of order) {
    if (node.inputs.some((value) => reached.has(value.node))) reached.add(node);
  }
  return reached;
}

function filled(like: Value, value: number): Value {
  const one = constant(
    hostArray(like.dtype, [value]),
    like.shape.map(() => 1),
    like.dtype,
  );
  return expand(one, like.shape);
}
