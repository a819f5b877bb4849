/** Picking rows by index, and changing the element type. */
import { type DType, onnxElementTypes } from "../graph/dtype.ts";
import { gradientMissing, type Op } from "../graph/op.ts";
import { applyOne, type Value } from "../graph/value.ts";

/** Rows of table [rows, width] by indices [...] -> [..., width]. The table's gradient is not built. */
export function gather(table: Value, indices: Value): Value {
  return applyOne(gatherOp, [table, indices], {});
}

/** The same numbers as another dtype. */
export function cast(x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : applyOne(castOp, [x], { dtype });
}

export const gatherOp: Op<Record<string, never>> = {
  name: "gather",
  inferTypes: ([table, indices]) => [{ shape: [...indices!.shape, ...table!.shape.slice(1)], dtype: table!.dtype }],
  lower: ({ onnx, names }) => [onnx.emit("Gather", names, { axis: 0 })],
  vjp: () => {
    throw gradientMissing("gather");
  },
};

export const castOp: Op<{ readonly dtype: string }> = {
  name: "cast",
  inferTypes: ([x], { dtype }) => [{ shape: x!.shape, dtype: dtype as DType }],
  lower: ({ onnx, names, attributes: { dtype } }) => [
    onnx.emit("Cast", names, { to: onnxElementTypes[dtype as DType] }),
  ],
  vjp: ({ inputs: [x], cotangent: dy }) => [cast(dy, x!.dtype)],
};
