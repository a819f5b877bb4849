/**
 * Values: what a graph is made of. A value is one output of a node; a node is an input, a constant, a stored weight,
 * or an operation on other values. Values are immutable, so a graph is simply everything that a value reaches.
 */
import { type DType, type HostArray, hostArray } from "./dtype.ts";
import type { Attributes, Op, TensorType } from "./op.ts";
import { type Shape, shapeError, showShape, sizeOf } from "./shape.ts";

export type Value = { readonly node: Node; readonly outputIndex: number; readonly shape: Shape; readonly dtype: DType };

/** Fed at each run under `name`. */
export type InputNode = { readonly kind: "input"; readonly name: string; readonly type: TensorType };
/** Known when the graph is built. */
export type ConstantNode = { readonly kind: "constant"; readonly data: HostArray; readonly type: TensorType };
/** A tensor that stays in its file: `byteLength` bytes at `offset` of `file`, a real path. */
export type WeightNode = {
  readonly kind: "weight";
  readonly name: string;
  readonly file: string;
  readonly offset: number;
  readonly byteLength: number;
  readonly type: TensorType;
};
/** The result of an operation; `outputs` are its values in order. */
export type OpNode = {
  readonly kind: "op";
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
};
export type Node = InputNode | ConstantNode | WeightNode | OpNode;

/** A value fed at run time. */
export function input(name: string, shape: Shape, dtype: DType = "f32"): Value {
  return leaf({ kind: "input", name, type: { shape, dtype } });
}

/** A value known now; `data` holds `sizeOf(shape)` elements in row-major order. */
export function constant(data: HostArray, shape: Shape, dtype: DType): Value {
  if (data.length !== sizeOf(shape)) {
    throw shapeError("constant", `${data.length} elements do not fill shape ${showShape(shape)}.`);
  }
  return leaf({ kind: "constant", data, type: { shape, dtype } });
}

/** A number as a value of rank 0. */
export function scalar(value: number, dtype: DType = "f32"): Value {
  return constant(hostArray(dtype, [value]), [], dtype);
}

/** A tensor that stays in its file. */
export function weight(stored: Omit<WeightNode, "kind">): Value {
  return leaf({ kind: "weight", ...stored });
}

function leaf(node: InputNode | ConstantNode | WeightNode): Value {
  return { node, outputIndex: 0, shape: node.type.shape, dtype: node.type.dtype };
}

/** Apply an operation: infers shapes, and throws here and now when they do not fit. */
export function apply<A extends Attributes>(op: Op<A>, inputs: readonly Value[], attributes: A): readonly Value[] {
  const types = op.inferTypes(inputs, attributes);
  const outputs: Value[] = [];
  const node: OpNode = { kind: "op", op, inputs, attributes, outputs };
  for (const [outputIndex, { shape, dtype }] of types.entries()) outputs.push({ node, outputIndex, shape, dtype });
  return outputs;
}

/** Apply an operation and take its first output. */
export function applyOne<A extends Attributes>(op: Op<A>, inputs: readonly Value[], attributes: A): Value {
  return apply(op, inputs, attributes)[0] as Value;
}
