/** Activation functions and softmax. */
import { onnxElementTypes } from "../graph/dtype.ts";
import type { Op } from "../graph/op.ts";
import { axisOf } from "../graph/shape.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { add, exp, mul, sub } from "./elementwise.ts";
import { reduceSum } from "./reduction.ts";

type None = Record<string, never>;

/** max(x, 0); its slope at 0 is 0. */
export function relu(x: Value): Value {
  return applyOne(reluOp, [x], {});
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: Value): Value {
  return applyOne(sigmoidOp, [x], {});
}

/** x * sigmoid(x) (Elfwing et al. 2017) */
export function silu(x: Value): Value {
  return applyOne(siluOp, [x], {});
}

/** x * Phi(x), with the exact error function (Hendrycks & Gimpel 2016). */
export function gelu(x: Value): Value {
  return applyOne(geluOp, [x], {});
}

/** x * sigmoid(1.702 x): the approximation of gelu that CLIP was trained with. */
export function quickGelu(x: Value): Value {
  return mul(x, sigmoid(mul(x, 1.702)));
}

/** The error function. */
export function erf(x: Value): Value {
  return applyOne(erfOp, [x], {});
}

/** e^x / sum e^x over `axis`. */
export function softmax(x: Value, axis: number): Value {
  return applyOne(softmaxOp, [x], { axis: axisOf(x.shape, axis) });
}

/** Outputs: relu(x), and 1 where x is above 0, 0 elsewhere: the slope, which the gradient uses. */
export const reluOp: Op<None> = {
  name: "relu",
  inferTypes: ([x]) => [x!, x!],
  lower: ({ onnx, names, inputs: [x] }) => {
    const isAbove = onnx.emit("Greater", [names[0]!, onnx.scalar(0, x!.dtype)]);
    return [onnx.emit("Relu", names), onnx.emit("Cast", [isAbove], { to: onnxElementTypes[x!.dtype] })];
  },
  vjp: ({ outputs: [, slope], cotangent: dy }) => [mul(dy, slope!)],
};

export const sigmoidOp: Op<None> = {
  name: "sigmoid",
  inferTypes: ([x]) => [x!],
  lower: ({ onnx, names }) => [onnx.emit("Sigmoid", names)],
  vjp: ({ outputs: [y], cotangent: dy }) => [mul(dy, sub(y!, mul(y!, y!)))],
};

/** Outputs: silu(x) and sigmoid(x), which the gradient uses again. */
export const siluOp: Op<None> = {
  name: "silu",
  inferTypes: ([x]) => [x!, x!],
  lower: ({ onnx, names }) => {
    const gate = onnx.emit("Sigmoid", names);
    return [onnx.emit("Mul", [names[0]!, gate]), gate];
  },
  // silu' = s + y - y s, with s = sigmoid(x)
  vjp: ({ outputs: [y, s], cotangent: dy }) => [mul(dy, add(s!, sub(y!, mul(y!, s!))))],
};

export const erfOp: Op<None> = {
  name: "erf",
  inferTypes: ([x]) => [x!],
  lower: ({ onnx, names }) => [onnx.emit("Erf", names)],
  vjp: ({ inputs: [x], cotangent: dy }) => [mul(dy, mul(exp(mul(mul(x!, x!), -1)), 2 / Math.sqrt(Math.PI)))],
};

/** Outputs: gelu(x) and Phi(x), the normal distribution function, which the gradient uses again. */
export const geluOp: Op<None> = {
  name: "gelu",
  inferTypes: ([x]) => [x!, x!],
  lower: ({ onnx, names, inputs: [x] }) => {
    const half = (name: string) => onnx.emit("Mul", [name, onnx.scalar(0.5, x!.dtype)]);
    const scaled = onnx.emit("Mul", [names[0]!, onnx.scalar(Math.SQRT1_2, x!.dtype)]);
    const phi = half(onnx.emit("Add", [onnx.emit("Erf", [scaled]), onnx.scalar(1, x!.dtype)]));
    return [onnx.emit("Mul", [names[0]!, phi]), phi];
  },
  // gelu' = Phi(x) + x phi(x), with phi the normal density
  vjp: ({ inputs: [x], outputs: [, phi], cotangent: dy }) => {
    const density = mul(exp(mul(mul(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(dy, add(phi!, mul(x!, density)))];
  },
};

export const softmaxOp: Op<{ readonly axis: number }> = {
  name: "softmax",
  inferTypes: ([x]) => [x!],
  lower: ({ onnx, names, attributes: { axis } }) => [onnx.emit("Softmax", names, { axis })],
  // dx = y (dy - sum(dy y))
  vjp: ({ outputs: [y], cotangent: dy, attributes: { axis } }) => {
    const product = mul(dy, y!);
    return [sub(product, mul(y!, reduceSum(product, [axis])))];
  },
};
