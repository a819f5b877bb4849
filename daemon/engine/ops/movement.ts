/** Moving elements without changing them: reshape, transpose, expand, concat, slice. */
import { hostArray } from "../graph/dtype.ts";
import type { Op } from "../graph/op.ts";
import { axisOf, broadcastShapes, type Shape, sameShape, shapeError, showShape, sizeOf } from "../graph/shape.ts";
import { applyOne, constant, type Value } from "../graph/value.ts";
import { sumToShape } from "./broadcast.ts";

/** The same elements in another shape. */
export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : applyOne(reshapeOp, [x], { shape });
}

/** Axes in another order: axis i of the result is axis `order[i]` of x. */
export function transpose(x: Value, order: readonly number[]): Value {
  return order.every((axis, index) => axis === index) ? x : applyOne(transposeOp, [x], { order });
}

/** Broadcast to `shape`. */
export function expand(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : applyOne(expandOp, [x], { shape });
}

/** Join along `axis`. */
export function concat(parts: readonly Value[], axis: number): Value {
  if (parts.length === 1) return parts[0]!;
  return applyOne(concatOp, parts, { axis: axisOf(parts[0]!.shape, axis) });
}

/** Elements `start` to `end` (exclusive) along `axis`. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const index = axisOf(x.shape, axis);
  return start === 0 && end === x.shape[index] ? x : applyOne(sliceOp, [x], { axis: index, start, end });
}

export const reshapeOp: Op<{ readonly shape: Shape }> = {
  name: "reshape",
  inferTypes: ([x], { shape }) => {
    if (sizeOf(x!.shape) !== sizeOf(shape)) {
      throw shapeError("reshape", `${showShape(x!.shape)} does not fill ${showShape(shape)}.`);
    }
    return [{ shape, dtype: x!.dtype }];
  },
  lower: ({ onnx, names, inputs: [x], attributes: { shape } }) => [onnx.reshape(names[0]!, x!.shape, shape)],
  vjp: ({ inputs: [x], cotangent: dy }) => [reshape(dy, x!.shape)],
};

export const transposeOp: Op<{ readonly order: readonly number[] }> = {
  name: "transpose",
  inferTypes: ([x], { order }) => {
    const sorted = [...order].sort((left, right) => left - right);
    if (order.length !== x!.shape.length || sorted.some((axis, index) => axis !== index)) {
      throw shapeError("transpose", `${showShape(order)} is no order of the axes of ${showShape(x!.shape)}.`);
    }
    return [{ shape: order.map((axis) => x!.shape[axis]!), dtype: x!.dtype }];
  },
  lower: ({ onnx, names, attributes: { order } }) => [onnx.emit("Transpose", names, { perm: order })],
  vjp: ({ cotangent: dy, attributes: { order } }) => [
    transpose(
      dy,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
};

export const expandOp: Op<{ readonly shape: Shape }> = {
  name: "expand",
  inferTypes: ([x], { shape }) => {
    if (!sameShape(broadcastShapes("expand", x!.shape, shape), shape)) {
      throw shapeError("expand", `${showShape(x!.shape)} does not broadcast to ${showShape(shape)}.`);
    }
    return [{ shape, dtype: x!.dtype }];
  },
  lower: ({ onnx, names, attributes: { shape } }) => [onnx.emit("Expand", [names[0]!, onnx.integers(shape)])],
  vjp: ({ inputs: [x], cotangent: dy }) => [sumToShape(dy, x!.shape)],
};

export const concatOp: Op<{ readonly axis: number }> = {
  name: "concat",
  inferTypes: (parts, { axis }) => {
    const [first] = parts as readonly [Value];
    const fits = ({ shape }: Value) =>
      shape.length === first.shape.length &&
      shape.every((size, index) => index === axis || size === first.shape[index]);
    if (!parts.every(fits)) {
      throw shapeError(
        "concat",
        `${parts.map(({ shape }) => showShape(shape)).join(", ")} differ beside axis ${axis}.`,
      );
    }
    const joined = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return [{ shape: first.shape.map((size, index) => (index === axis ? joined : size)), dtype: first.dtype }];
  },
  lower: ({ onnx, names, attributes: { axis } }) => [onnx.emit("Concat", names, { axis })],
  vjp: ({ inputs, cotangent: dy, attributes: { axis }, needs }) => {
    let start = 0;
    return inputs.map(({ shape }, index) => {
      const from = start;
      start += shape[axis]!;
      return needs[index] ? slice(dy, axis, from, start) : undefined;
    });
  },
};

export const sliceOp: Op<{ readonly axis: number; readonly start: number; readonly end: number }> = {
  name: "slice",
  inferTypes: ([x], { axis, start, end }) => {
    if (start < 0 || end <= start || x!.shape[axis]! < end) {
      throw shapeError("slice", `${start} to ${end} is not within axis ${axis} of ${showShape(x!.shape)}.`);
    }
    return [{ shape: x!.shape.map((size, index) => (index === axis ? end - start : size)), dtype: x!.dtype }];
  },
  lower: ({ onnx, names, attributes: { axis, start, end } }) => [
    onnx.emit("Slice", [names[0]!, onnx.integers([start]), onnx.integers([end]), onnx.integers([axis])]),
  ],
  vjp: ({ inputs: [x], cotangent: dy, attributes: { axis, start, end } }) => {
    const zeros = (count: number) =>
      expand(
        constant(
          hostArray(dy.dtype, [0]),
          dy.shape.map(() => 1),
          dy.dtype,
        ),
        dy.shape.map((size, index) => (index === axis ? count : size)),
      );
    const before = start === 0 ? [] : [zeros(start)];
    const after = end === x!.shape[axis] ? [] : [zeros(x!.shape[axis]! - end)];
    return [concat([...before, dy, ...after], axis)];
  },
};
