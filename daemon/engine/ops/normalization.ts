/** Normalization over the last axis: the core of layer norm and group norm. */

import { hostArray } from "../graph/dtype.ts";
import { gradientMissing, type Op } from "../graph/op.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { mul, sub } from "./elementwise.ts";
import { reduceMean } from "./reduction.ts";

type Epsilon = { readonly epsilon: number };

/** (x - mean) / sqrt(variance + epsilon) over the last axis. */
export function standardize(x: Value, epsilon: number): Value {
  return applyOne(standardizeOp, [x], { epsilon });
}

/** standardize(x) * gamma + beta over the last axis; gamma and beta [width] (Ba et al. 2016). Their gradients are not built. */
export function layerNorm(x: Value, gamma: Value, beta: Value, epsilon: number): Value {
  return applyOne(layerNormOp, [x, gamma, beta], { epsilon });
}

/** dx = (t - mean(t) - y mean(t y)) / std, with t the cotangent of the standardized y. */
function standardizeGradient(t: Value, y: Value, inverseStd: Value): Value {
  const centered = sub(t, reduceMean(t, [-1]));
  return mul(sub(centered, mul(y, reduceMean(mul(t, y), [-1]))), inverseStd);
}

/** Outputs: the result, and the mean and 1/std of each row. */
function statisticsTypes(x: Value) {
  const row = { shape: [...x.shape.slice(0, -1), 1], dtype: x.dtype };
  return [{ shape: x.shape, dtype: x.dtype }, row, row];
}

export const standardizeOp: Op<Epsilon> = {
  name: "standardize",
  inferTypes: ([x]) => statisticsTypes(x!),
  lower: ({ onnx, names, inputs: [x], attributes: { epsilon } }) => {
    const width = x!.shape.at(-1)!;
    const ones = onnx.constant(hostArray(x!.dtype, Array(width).fill(1)), [width], x!.dtype);
    return onnx.emitMany("LayerNormalization", [names[0]!, ones], 3, { axis: -1, epsilon });
  },
  vjp: ({ outputs: [y, , inverseStd], cotangent: dy }) => [standardizeGradient(dy, y!, inverseStd!)],
};

export const layerNormOp: Op<Epsilon> = {
  name: "layerNorm",
  inferTypes: ([x]) => statisticsTypes(x!),
  lower: ({ onnx, names, attributes: { epsilon } }) =>
    onnx.emitMany("LayerNormalization", names, 3, { axis: -1, epsilon }),
  vjp: ({ inputs: [x, gamma], outputs: [, mean, inverseStd], cotangent: dy, needs }) => {
    if (needs[1] || needs[2]) throw gradientMissing("layerNorm");
    const standardized = mul(sub(x!, mean!), inverseStd!);
    return [standardizeGradient(mul(dy, gamma!), standardized, inverseStd!)];
  },
};
