/** Two-dimensional convolution and its transpose, NCHW; each is the other's gradient. */
import type { Emitter, Op } from "../graph/op.ts";
import { shapeError, showShape, sizeOf } from "../graph/shape.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { reshape, slice, transpose } from "./movement.ts";
import { reduceSum } from "./reduction.ts";

/** Zeros added on each side: top, left, bottom, right. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

type ConvAttributes = {
  readonly stride: number;
  readonly padding: Padding;
  readonly dilation: number;
  /** Equal parts of the channels, each with kernels of its own that see that part alone. */
  readonly groups: number;
};
type TransposeAttributes = {
  readonly stride: number;
  readonly padding: Padding;
  readonly groups: number;
  /** Rows and columns added at the bottom and right of the result. */
  readonly outputPadding: readonly [rows: number, columns: number];
};

/** x [batch, in, height, width], weight [out, in / groups, kernel, kernel], bias [out] -> [batch, out, ...]. */
export function conv2d(
  x: Value,
  weight: Value,
  bias: Value | undefined,
  attributes: Partial<ConvAttributes> = {},
): Value {
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  return applyOne(conv2dOp, inputs, { stride: 1, padding: [0, 0, 0, 0], dilation: 1, groups: 1, ...attributes });
}

/** x [batch, out, ...], weight [out, in / groups, kernel, kernel] -> [batch, in, height, width]: conv2d's input gradient. */
export function convTranspose2d(x: Value, weight: Value, attributes: Partial<TransposeAttributes> = {}): Value {
  const defaults = { stride: 1, padding: [0, 0, 0, 0], outputPadding: [0, 0], groups: 1 } as const;
  return applyOne(convTranspose2dOp, [x, weight], { ...defaults, ...attributes });
}

function strides(stride: number) {
  return { strides: [stride, stride] };
}

function groupsOf(groups: number) {
  return groups === 1 ? {} : { group: groups };
}

function withWideWeight(onnx: Emitter, [x, weight, ...bias]: readonly string[], inputs: readonly Value[]): string[] {
  return [x!, onnx.widened(weight!, inputs[1]!, x!), ...bias];
}

export const conv2dOp: Op<ConvAttributes> = {
  name: "conv2d",
  inferTypes: ([x, weight, bias], { stride, padding: [top, left, bottom, right], dilation, groups }) => {
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const [out, inner, kernelHeight, kernelWidth] = weight!.shape as [number, number, number, number];
    const size = (length: number, pad: number, kernel: number) =>
      Math.floor((length + pad - dilation * (kernel - 1) - 1) / stride) + 1;
    const shape = [batch, out, size(height, top + bottom, kernelHeight), size(width, left + right, kernelWidth)];
    const fits =
      x!.shape.length === 4 && weight!.shape.length === 4 && inner * groups === channels && out % groups === 0;
    if (!fits || shape.some((length) => length < 1) || (bias !== undefined && sizeOf(bias.shape) !== out)) {
      throw shapeError("conv2d", `${showShape(x!.shape)} does not fit weight ${showShape(weight!.shape)}.`);
    }
    return [{ shape, dtype: x!.dtype }];
  },
  lower: ({ onnx, names, inputs, attributes: { stride, padding, dilation, groups } }) => {
    const attributes = { ...strides(stride), ...groupsOf(groups), pads: padding, dilations: [dilation, dilation] };
    return [onnx.emit("Conv", withWideWeight(onnx, names, inputs), attributes)];
  },
  vjp: ({ inputs: [x, weight, bias], cotangent: dy, attributes, needs }) => [
    needs[0] ? inputGradient(x!, weight!, dy, attributes) : undefined,
    needs[1] ? weightGradient(x!, dy, weight!, attributes) : undefined,
    needs[2] ? reshape(reduceSum(dy, [0, 2, 3]), bias!.shape) : undefined,
  ],
};

function inputGradient(x: Value, weight: Value, dy: Value, attributes: ConvAttributes): Value {
  const { stride, padding, dilation, groups } = attributes;
  if (dilation !== 1) throw shapeError("conv2d", "the gradient of a dilated convolution's input is not built.");
  const [top, left, bottom, right] = padding;
  const missing = (axis: 2 | 3, pad: number) =>
    x.shape[axis]! - ((dy.shape[axis]! - 1) * stride + weight.shape[axis]! - pad);
  const outputPadding = [missing(2, top + bottom), missing(3, left + right)] as const;
  return convTranspose2d(dy, weight, { stride, padding, outputPadding, groups });
}

/**
 * dW: a convolution over the batch, the cotangent as kernel; stride and dilation change places. With groups each part of
 * the channels meets its own part of the cotangent.
 */
function weightGradient(x: Value, dy: Value, weight: Value, attributes: ConvAttributes): Value {
  const { stride, padding, dilation, groups } = attributes;
  const kernels = transpose(dy, [1, 0, 2, 3]);
  const full = conv2d(batchAsChannels(x, groups), kernels, undefined, {
    stride: dilation,
    padding,
    dilation: stride,
    groups,
  });
  return slice(slice(transpose(full, [1, 0, 2, 3]), 2, 0, weight.shape[2]!), 3, 0, weight.shape[3]!);
}

/** [batch, groups * channels, height, width] -> [channels, groups * batch, height, width] */
function batchAsChannels(x: Value, groups: number): Value {
  if (groups === 1) return transpose(x, [1, 0, 2, 3]);
  const [batch, channels, ...area] = x.shape as [number, number, number, number];
  const parts = transpose(reshape(x, [batch, groups, channels / groups, ...area]), [2, 1, 0, 3, 4]);
  return reshape(parts, [channels / groups, groups * batch, ...area]);
}

export const convTranspose2dOp: Op<TransposeAttributes> = {
  name: "convTranspose2d",
  inferTypes: (
    [x, weight],
    { stride, padding: [top, left, bottom, right], outputPadding: [rows, columns], groups },
  ) => {
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const [inner, out, kernelHeight, kernelWidth] = weight!.shape as [number, number, number, number];
    if (x!.shape.length !== 4 || weight!.shape.length !== 4 || inner !== channels || inner % groups !== 0) {
      throw shapeError("convTranspose2d", `${showShape(x!.shape)} does not fit weight ${showShape(weight!.shape)}.`);
    }
    const tall = (height - 1) * stride + kernelHeight - top - bottom + rows;
    const wide = (width - 1) * stride + kernelWidth - left - right + columns;
    return [{ shape: [batch, out * groups, tall, wide], dtype: x!.dtype }];
  },
  lower: ({ onnx, names, inputs, attributes: { stride, padding, outputPadding, groups } }) => {
    const attributes = { ...strides(stride), ...groupsOf(groups), pads: padding, output_padding: outputPadding };
    return [onnx.emit("ConvTranspose", withWideWeight(onnx, names, inputs), attributes)];
  },
  vjp: ({ inputs: [x, weight], cotangent: dy, attributes: { stride, padding, groups }, needs }) => [
    needs[0] ? conv2d(dy, weight!, undefined, { stride, padding, groups }) : undefined,
    needs[1] ? weightGradient(dy, x!, weight!, { stride, padding, dilation: 1, groups }) : undefined,
  ],
};
