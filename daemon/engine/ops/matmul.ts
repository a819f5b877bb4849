/** Matrix products: batched, and with a stored weight. */
import type { Op } from "../graph/op.ts";
import { broadcastShapes, type Shape, sameShape, shapeError, showShape, sizeOf } from "../graph/shape.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { sumToShape } from "./broadcast.ts";
import { add } from "./elementwise.ts";
import { reshape } from "./movement.ts";
import { reduceSum } from "./reduction.ts";

type Transposes = { readonly transposeLeft: boolean; readonly transposeRight: boolean };

/** left [..., n, k] times right [..., k, m] -> [..., n, m]; a transposed operand is given with its last two axes exchanged. */
export function matmul(left: Value, right: Value, transposes: Partial<Transposes> = {}): Value {
  return applyOne(matmulOp, [left, right], { transposeLeft: false, transposeRight: false, ...transposes });
}

/**
 * x [..., in] times a weight -> [..., out], plus bias [out] or [..., out].
 * The weight is [out, in], as checkpoints store it, 16-bit or wider; with `transposed` false it is [in, out].
 */
export function linear(x: Value, weight: Value, bias?: Value, transposed = true): Value {
  return applyOne(linearOp, bias === undefined ? [x, weight] : [x, weight, bias], { transposed });
}

/**
 * left + right. Where right is a fresh product with a stored weight, the product is added up in place instead: one pass
 * over the numbers less.
 */
export function accumulate(left: Value, right: Value): Value {
  const { node } = right;
  const isPlainProduct = node.kind === "op" && node.op === linearOp && node.inputs.length === 2;
  if (!isPlainProduct || !sameShape(left.shape, right.shape)) return add(left, right);
  return applyOne(linearOp, [...node.inputs, left], node.attributes as { readonly transposed: boolean });
}

function matrixSizes(value: Value, transposed: boolean): readonly [rows: number, columns: number] {
  const [rows, columns] = value.shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

export const matmulOp: Op<Transposes> = {
  name: "matmul",
  inferTypes: ([left, right], { transposeLeft, transposeRight }) => {
    const [rows, inner] = matrixSizes(left!, transposeLeft);
    const [otherInner, columns] = matrixSizes(right!, transposeRight);
    if (left!.shape.length < 2 || right!.shape.length < 2 || inner !== otherInner) {
      throw shapeError("matmul", `${showShape(left!.shape)} and ${showShape(right!.shape)} do not multiply.`);
    }
    const batch = broadcastShapes("matmul", left!.shape.slice(0, -2), right!.shape.slice(0, -2));
    return [{ shape: [...batch, rows, columns], dtype: left!.dtype }];
  },
  lower: ({ onnx, names, inputs, attributes }) => {
    const flip = (index: number, wanted: boolean) => {
      if (!wanted) return names[index]!;
      const order = inputs[index]!.shape.map((_, axis) => axis);
      order.push(...order.splice(-2).reverse());
      return onnx.emit("Transpose", [names[index]!], { perm: order });
    };
    return [onnx.emit("MatMul", [flip(0, attributes.transposeLeft), flip(1, attributes.transposeRight)])];
  },
  // With C = L R: dL = dC R^T, dR = L^T dC; each operand's own transposition is undone on the way.
  vjp: ({ inputs: [left, right], cotangent: dy, attributes: { transposeLeft: tl, transposeRight: tr }, needs }) => {
    const forLeft = () =>
      tl
        ? matmul(right!, dy, { transposeLeft: tr, transposeRight: true })
        : matmul(dy, right!, { transposeRight: !tr });
    const forRight = () =>
      tr ? matmul(dy, left!, { transposeLeft: true, transposeRight: tl }) : matmul(left!, dy, { transposeLeft: !tl });
    return [
      needs[0] ? sumToShape(forLeft(), left!.shape) : undefined,
      needs[1] ? sumToShape(forRight(), right!.shape) : undefined,
    ];
  },
};

export const linearOp: Op<{ readonly transposed: boolean }> = {
  name: "linear",
  inferTypes: ([x, weight, bias], { transposed }) => {
    const [inFeatures, outFeatures] = matrixSizes(weight!, transposed);
    const shape = [...x!.shape.slice(0, -1), outFeatures];
    const fits = weight!.shape.length === 2 && x!.shape.at(-1) === inFeatures;
    if (!fits || (bias !== undefined && sizeOf(bias.shape) !== outFeatures && !sameShape(bias.shape, shape))) {
      throw shapeError("linear", `${showShape(x!.shape)} does not fit weight ${showShape(weight!.shape)}.`);
    }
    return [{ shape, dtype: x!.dtype }];
  },
  lower: ({ onnx, names, inputs: [x, weight, bias], outputs: [y], attributes: { transposed } }) => {
    const asRows = (name: string, { shape }: Value) =>
      shape.length < 3 ? name : onnx.reshape(name, shape, rowsOf(shape));
    const rows = asRows(names[0]!, x!);
    const matrix = onnx.widened(names[1]!, weight!, rows);
    const sum = bias === undefined ? [] : [asRows(names[2]!, bias)];
    const product = onnx.emit("Gemm", [rows, matrix, ...sum], transposed ? { transB: true } : {});
    return [onnx.reshape(product, rowsOf(y!.shape), y!.shape)];
  },
  vjp: ({ inputs: [x, weight, bias], cotangent: dy, attributes: { transposed }, needs }) => {
    const rows = (value: Value) => reshape(value, rowsOf(value.shape));
    const forWeight = () => {
      const [first, second] = transposed ? [dy, x!] : [x!, dy];
      return matmul(rows(first), rows(second), { transposeLeft: true });
    };
    return [
      needs[0] ? linear(dy, weight!, undefined, !transposed) : undefined,
      needs[1] ? forWeight() : undefined,
      needs[2] ? (sameShape(bias!.shape, dy.shape) ? dy : reshape(reduceSum(rows(dy), [0]), bias!.shape)) : undefined,
    ];
  },
};

function rowsOf(shape: Shape): Shape {
  return [sizeOf(shape.slice(0, -1)), shape.at(-1)!];
}
