/** Scaled dot-product attention (Vaswani et al. 2017, eq. 1). */
import { gradientMissing, type LowerContext, type Op } from "../graph/op.ts";
import { sameShape, shapeError, showShape } from "../graph/shape.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { softmax } from "./activation.ts";
import { add, mul, sub } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { slice } from "./movement.ts";
import { reduceSum } from "./reduction.ts";

type Scale = { readonly factor: number };

/**
 * softmax(factor * Q K^T + mask) V.
 * @param query [batch, heads, n, width]; key and value [batch, heads, m, width]
 * @param mask added to the scores, broadcast to [batch, heads, n, m]; its gradient is not built
 */
export function attention(query: Value, key: Value, value: Value, factor: number, mask?: Value): Value {
  const inputs = mask === undefined ? [query, key, value] : [query, key, value, mask];
  return applyOne(attentionOp, inputs, { factor });
}

/** Probabilities of more elements a head are not kept from forward to backward but computed again. */
const largestKept = 1024 * 1024;

/** Outputs: the result, and unless they are large the probabilities, which the gradient uses again. */
export const attentionOp: Op<Scale> = {
  name: "attention",
  inferTypes: ([query, key, value]) => {
    const [batch, heads, rows, width] = query!.shape as [number, number, number, number];
    const [columns, valueWidth] = value!.shape.slice(2) as [number, number];
    const fits =
      query!.shape.length === 4 &&
      sameShape(key!.shape, [batch, heads, columns, width]) &&
      sameShape(value!.shape, [batch, heads, columns, valueWidth]);
    if (!fits) {
      const shapes = [query!, key!, value!].map(({ shape }) => showShape(shape));
      throw shapeError("attention", `query, key and value ${shapes.join(", ")} do not fit.`);
    }
    const { dtype } = query!;
    const result = { shape: [batch, heads, rows, valueWidth], dtype };
    return largestKept < rows * columns ? [result] : [result, { shape: [batch, heads, rows, columns], dtype }];
  },
  lower: (context) => {
    const { onnx, names, inputs, outputs, attributes } = context;
    const [query, key, value, mask] = names;
    const { factor } = attributes;
    const isPlain = mask === undefined && inputs[0]!.dtype === "f32";
    if (onnx.hasOwnAttention && isPlain && outputs.length === 1) return [ownAttention(context)];
    const flipped = onnx.emit("Transpose", [key!], { perm: [0, 1, 3, 2] });
    const scaled = onnx.emit("Mul", [query!, onnx.scalar(factor, inputs[0]!.dtype)]);
    const scores = onnx.emit("MatMul", [scaled, flipped]);
    const masked = mask === undefined ? scores : onnx.emit("Add", [scores, mask]);
    const probabilities = onnx.emit("Softmax", [masked], { axis: -1 });
    return [onnx.emit("MatMul", [probabilities, value!]), probabilities];
  },
  // dV = P^T dO, dP = dO V^T, dS = P (dP - rowsum(dO O)), dQ = factor dS K, dK = factor dS^T Q
  vjp: ({
    inputs: [query, key, value, mask],
    outputs: [output, probabilities],
    cotangent: dO,
    attributes: { factor },
    needs,
  }) => {
    const [forQuery, forKey, forValue, forMask] = needs;
    if (forMask) throw gradientMissing("attention");
    const kept = probabilities ?? probabilitiesAgain([query!, key!, mask], factor, dO);
    const dV = forValue ? matmul(kept, dO, { transposeLeft: true }) : undefined;
    if (!forQuery && !forKey) return [undefined, undefined, dV];
    const dP = matmul(dO, value!, { transposeRight: true });
    const dS = mul(kept, sub(dP, reduceSum(mul(dO, output!), [-1])));
    return [
      forQuery ? mul(matmul(dS, key!), factor) : undefined,
      forKey ? mul(matmul(dS, query!, { transposeLeft: true }), factor) : undefined,
      dV,
    ];
  },
};

/** The runtime's attention, which works in blocks and never holds all probabilities: [batch, n, heads * width] in and out. */
function ownAttention({ onnx, names, inputs, outputs, attributes: { factor } }: LowerContext<Scale>): string {
  const swap = { perm: [0, 2, 1, 3] };
  const joined = inputs.map(({ shape }, index) => {
    const [batch, heads, length, width] = shape as [number, number, number, number];
    const parted = onnx.emit("Transpose", [names[index]!], swap);
    return onnx.reshape(parted, [batch, length, heads, width], [batch, length, heads * width]);
  });
  const [batch, heads, rows, width] = outputs[0]!.shape as [number, number, number, number];
  const attended = onnx.emit("com.microsoft:MultiHeadAttention", joined, { num_heads: heads, scale: factor });
  const parted = onnx.reshape(attended, [batch, rows, heads * width], [batch, rows, heads, width]);
  return onnx.emit("Transpose", [parted], swap);
}

/**
 * softmax(factor * Q K^T + mask), made once more when the cotangent is there. Q is multiplied by 1 + 0 * cotangent: else
 * ONNX Runtime would find the same product in the forward pass, and keep that.
 */
function probabilitiesAgain(
  [query, key, mask]: readonly [Value, Value, Value | undefined],
  factor: number,
  cotangent: Value,
): Value {
  const first = [0, 1, 2, 3].reduce((value, axis) => slice(value, axis, 0, 1), cotangent);
  const late = mul(query, add(mul(first, 0), factor));
  const scores = matmul(late, key, { transposeRight: true });
  return softmax(mask === undefined ? scores : add(scores, mask), -1);
}
