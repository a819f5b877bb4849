/** Sums and means over axes; reduced axes stay with size 1. */
import type { LowerContext, Op } from "../graph/op.ts";
import { axisOf, type Shape } from "../graph/shape.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { mul } from "./elementwise.ts";
import { expand } from "./movement.ts";

type Axes = { readonly axes: readonly number[] };

/** Sum over `axes`, which stay with size 1. */
export function reduceSum(x: Value, axes: readonly number[]): Value {
  return reduce(reduceSumOp, x, axes);
}

/** Mean over `axes`, which stay with size 1. */
export function reduceMean(x: Value, axes: readonly number[]): Value {
  return reduce(reduceMeanOp, x, axes);
}

/** Over no axes nothing is reduced; ONNX takes an empty list for all of them. */
function reduce(op: Op<Axes>, x: Value, axes: readonly number[]): Value {
  return axes.length === 0 ? x : applyOne(op, [x], { axes: axes.map((axis) => axisOf(x.shape, axis)) });
}

function reducedShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

function lowerTo(opType: string) {
  return ({ onnx, names, attributes: { axes } }: LowerContext<Axes>) => [
    onnx.emit(opType, [names[0]!, onnx.integers(axes)], { keepdims: true }),
  ];
}

export const reduceSumOp: Op<Axes> = {
  name: "reduceSum",
  inferTypes: ([x], { axes }) => [{ shape: reducedShape(x!.shape, axes), dtype: x!.dtype }],
  lower: lowerTo("ReduceSum"),
  vjp: ({ inputs: [x], cotangent: dy }) => [expand(dy, x!.shape)],
};

export const reduceMeanOp: Op<Axes> = {
  name: "reduceMean",
  inferTypes: ([x], { axes }) => [{ shape: reducedShape(x!.shape, axes), dtype: x!.dtype }],
  lower: lowerTo("ReduceMean"),
  vjp: ({ inputs: [x], cotangent: dy, attributes: { axes } }) => {
    const count = axes.reduce((product, axis) => product * x!.shape[axis]!, 1);
    return [expand(mul(dy, 1 / count), x!.shape)];
  },
};
