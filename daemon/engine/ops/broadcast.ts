/** Broadcasting elementwise operations: their common shape rule, and the way back through a broadcast. */
import { hostArray } from "../graph/dtype.ts";
import type { TensorType } from "../graph/op.ts";
import { broadcastShapes, type Shape, sameShape, shapeError } from "../graph/shape.ts";
import { constant, type Value } from "../graph/value.ts";
import { reshape } from "./movement.ts";
import { reduceSum } from "./reduction.ts";

/** A value, or a number that takes the other operand's dtype. */
export type Operand = Value | number;

/** Both operands as values. */
export function operands(left: Operand, right: Operand): readonly [Value, Value] {
  const dtype = typeof left === "number" ? (typeof right === "number" ? "f32" : right.dtype) : left.dtype;
  const asValue = (operand: Operand) =>
    typeof operand === "number" ? constant(hostArray(dtype, [operand]), [], dtype) : operand;
  return [asValue(left), asValue(right)];
}

/** The shape rule of a broadcasting operation. */
export function broadcastTypes(op: string, inputs: readonly Value[]): readonly TensorType[] {
  const [left, right] = inputs as readonly [Value, Value];
  if (left.dtype !== right.dtype) throw shapeError(op, `dtypes ${left.dtype} and ${right.dtype} differ.`);
  return [{ shape: broadcastShapes(op, left.shape, right.shape), dtype: left.dtype }];
}

/** The cotangent of an operand of `shape` that was broadcast: summed over the axes that were stretched. */
export function sumToShape(cotangent: Value, shape: Shape): Value {
  if (sameShape(cotangent.shape, shape)) return cotangent;
  const lead = cotangent.shape.length - shape.length;
  const stretched = cotangent.shape.flatMap((size, axis) => (axis < lead || size !== shape[axis - lead] ? [axis] : []));
  return reshape(reduceSum(cotangent, stretched), shape);
}
