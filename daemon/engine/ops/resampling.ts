/** Doubling and halving pictures, NCHW: nearest-neighbour upsampling and average pooling, each the other's gradient. */
import type { Op, TensorType } from "../graph/op.ts";
import { shapeError, showShape } from "../graph/shape.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { mul } from "./elementwise.ts";

type None = Record<string, never>;

/** [batch, channels, h, w] -> [batch, channels, 2h, 2w], each pixel four times. */
export function upsampleNearest2x(x: Value): Value {
  return applyOne(upsampleNearest2xOp, [x], {});
}

/** [batch, channels, 2h, 2w] -> [batch, channels, h, w], the mean of each 2x2 block. */
export function averagePool2x(x: Value): Value {
  return applyOne(averagePool2xOp, [x], {});
}

function resized(x: Value, resize: (length: number) => number): readonly TensorType[] {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return [{ shape: [batch, channels, resize(height), resize(width)], dtype: x.dtype }];
}

export const upsampleNearest2xOp: Op<None> = {
  name: "upsampleNearest2x",
  inferTypes: ([x]) => resized(x!, (length) => 2 * length),
  lower: ({ onnx, names }) => {
    const scales = onnx.constant(Float32Array.of(1, 1, 2, 2), [4], "f32");
    const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
    return [onnx.emit("Resize", [names[0]!, "", scales], attributes)];
  },
  vjp: ({ cotangent: dy }) => [mul(averagePool2x(dy), 4)],
};

export const averagePool2xOp: Op<None> = {
  name: "averagePool2x",
  inferTypes: ([x]) => {
    if (x!.shape[2]! % 2 || x!.shape[3]! % 2) throw shapeError("averagePool2x", `${showShape(x!.shape)} is odd.`);
    return resized(x!, (length) => length / 2);
  },
  lower: ({ onnx, names }) => [onnx.emit("AveragePool", names, { kernel_shape: [2, 2], strides: [2, 2] })],
  vjp: ({ cotangent: dy }) => [mul(upsampleNearest2x(dy), 0.25)],
};
