/** Two-dimensional convolution and its transpose, NCHW; each is the other's gradient. */
import type { Emitter, Op } from "../graph/op.ts";
import { shapeError, showShape, sizeOf } from "../graph/shape.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { reshape, slice, transpose } from "./movement.ts";
import { reduceSum } from "./reduction.ts";

/** Zeros added on each side: top, left, bottom, right. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

type ConvAttributes = { readonly stride: number; readonly padding: Padding; readonly dilation: number };
type TransposeAttributes = {
  readonly stride: number;
  readonly padding: Padding;
  /** Rows and columns added at the bottom and right of the result. */
  readonly outputPadding: readonly [rows: number, columns: number];
};

/** x [batch, in, height, width], weight [out, in, kernel, kernel], bias [out] -> [batch, out, ...]. */
export function conv2d(
  x: Value,
  weight: Value,
  bias: Value | undefined,
  attributes: Partial<ConvAttributes> = {},
): Value {
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  return applyOne(conv2dOp, inputs, { stride: 1, padding: [0, 0, 0, 0], dilation: 1, ...attributes });
}

/** x [batch, out, ...], weight [out, in, kernel, kernel] -> [batch, in, height, width]: the input gradient of conv2d. */
export function convTranspose2d(x: Value, weight: Value, attributes: Partial<TransposeAttributes> = {}): Value {
  const defaults = { stride: 1, padding: [0, 0, 0, 0], outputPadding: [0, 0] } as const;
  return applyOne(convTranspose2dOp, [x, weight], { ...defaults, ...attributes });
}

function strides(stride: number) {
  return { strides: [stride, stride] };
}

function withWideWeight(onnx: Emitter, [x, weight, ...bias]: readonly string[], inputs: readonly Value[]): string[] {
  return [x!, onnx.widened(weight!, inputs[1]!, x!), ...bias];
}

export const conv2dOp: Op<ConvAttributes> = {
  name: "conv2d",
  inferTypes: ([x, weight, bias], { stride, padding: [top, left, bottom, right], dilation }) => {
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const [out, inner, kernelHeight, kernelWidth] = weight!.shape as [number, number, number, number];
    const size = (length: number, pad: number, kernel: number) =>
      Math.floor((length + pad - dilation * (kernel - 1) - 1) / stride) + 1;
    const shape = [batch, out, size(height, top + bottom, kernelHeight), size(width, left + right, kernelWidth)];
    const fits = x!.shape.length === 4 && weight!.shape.length === 4 && inner === channels;
    if (!fits || shape.some((length) => length < 1) || (bias !== undefined && sizeOf(bias.shape) !== out)) {
      throw shapeError("conv2d", `${showShape(x!.shape)} does not fit weight ${showShape(weight!.shape)}.`);
    }
    return [{ shape, dtype: x!.dtype }];
  },
  lower: ({ onnx, names, inputs, attributes: { stride, padding, dilation } }) => {
    const attributes = { ...strides(stride), pads: padding, dilations: [dilation, dilation] };
    return [onnx.emit("Conv", withWideWeight(onnx, names, inputs), attributes)];
  },
  vjp: ({ inputs: [x, weight, bias], cotangent: dy, attributes, needs }) => [
    needs[0] ? inputGradient(x!, weight!, dy, attributes) : undefined,
    needs[1] ? weightGradient(x!, dy, weight!, attributes) : undefined,
    needs[2] ? reshape(reduceSum(dy, [0, 2, 3]), bias!.shape) : undefined,
  ],
};

function inputGradient(x: Value, weight: Value, dy: Value, { stride, padding, dilation }: ConvAttributes): Value {
  if (dilation !== 1) throw shapeError("conv2d", "the gradient of a dilated convolution's input is not built.");
  const [top, left, bottom, right] = padding;
  const missing = (axis: 2 | 3, pad: number) =>
    x.shape[axis]! - ((dy.shape[axis]! - 1) * stride + weight.shape[axis]! - pad);
  const outputPadding = [missing(2, top + bottom), missing(3, left + right)] as const;
  return convTranspose2d(dy, weight, { stride, padding, outputPadding });
}

/** dW: a convolution over the batch, the cotangent as kernel; stride and dilation change places. */
function weightGradient(x: Value, dy: Value, weight: Value, { stride, padding, dilation }: ConvAttributes): Value {
  const swapped = (value: Value) => transpose(value, [1, 0, 2, 3]);
  const full = swapped(conv2d(swapped(x), swapped(dy), undefined, { stride: dilation, padding, dilation: stride }));
  return slice(slice(full, 2, 0, weight.shape[2]!), 3, 0, weight.shape[3]!);
}

export const convTranspose2dOp: Op<TransposeAttributes> = {
  name: "convTranspose2d",
  inferTypes: ([x, weight], { stride, padding: [top, left, bottom, right], outputPadding: [rows, columns] }) => {
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const [inner, out, kernelHeight, kernelWidth] = weight!.shape as [number, number, number, number];
    if (x!.shape.length !== 4 || weight!.shape.length !== 4 || inner !== channels) {
      throw shapeError("convTranspose2d", `${showShape(x!.shape)} does not fit weight ${showShape(weight!.shape)}.`);
    }
    const tall = (height - 1) * stride + kernelHeight - top - bottom + rows;
    const wide = (width - 1) * stride + kernelWidth - left - right + columns;
    return [{ shape: [batch, out, tall, wide], dtype: x!.dtype }];
  },
  lower: ({ onnx, names, inputs, attributes: { stride, padding, outputPadding } }) => {
    const attributes = { ...strides(stride), pads: padding, output_padding: outputPadding };
    return [onnx.emit("ConvTranspose", withWideWeight(onnx, names, inputs), attributes)];
  },
  vjp: ({ inputs: [x, weight], cotangent: dy, attributes: { stride, padding }, needs }) => [
    needs[0] ? conv2d(dy, weight!, undefined, { stride, padding }) : undefined,
    needs[1] ? weightGradient(dy, x!, weight!, { stride, padding, dilation: 1 }) : undefined,
  ],
};
