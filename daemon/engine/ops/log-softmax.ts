/** The logarithm of a softmax, without overflow, and the cross entropy made of it. */
import type { Op } from "../graph/op.ts";
import { axisOf } from "../graph/shape.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { exp, mul, sub } from "./elementwise.ts";
import { reduceSum } from "./reduction.ts";

/** x - log sum e^x over `axis`. */
export function logSoftmax(x: Value, axis: number): Value {
  return applyOne(logSoftmaxOp, [x], { axis: axisOf(x.shape, axis) });
}

/** -sum_c targets log softmax(logits) over the last axis, which stays with size 1; targets may be soft. */
export function crossEntropy(logits: Value, targets: Value): Value {
  return mul(reduceSum(mul(targets, logSoftmax(logits, -1)), [-1]), -1);
}

export const logSoftmaxOp: Op<{ readonly axis: number }> = {
  name: "logSoftmax",
  inferTypes: ([x]) => [x!],
  // Spelled out: not every execution provider has ONNX's LogSoftmax.
  lower: ({ onnx, names: [x], attributes: { axis } }) => {
    const axes = onnx.integers([axis]);
    const shifted = onnx.emit("Sub", [x!, onnx.emit("ReduceMax", [x!, axes], { keepdims: true })]);
    const sum = onnx.emit("ReduceSum", [onnx.emit("Exp", [shifted]), axes], { keepdims: true });
    return [onnx.emit("Sub", [shifted, onnx.emit("Log", [sum])])];
  },
  // dx = dy - softmax(x) sum(dy)
  vjp: ({ outputs: [y], cotangent: dy, attributes: { axis } }) => [sub(dy, mul(exp(y!), reduceSum(dy, [axis])))],
};
