/** Elementwise arithmetic with NumPy broadcasting. */
import type { Attributes, LowerContext, Op } from "../graph/op.ts";
import { gradientMissing } from "../graph/op.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { broadcastTypes, type Operand, operands, sumToShape } from "./broadcast.ts";

type None = Record<string, never>;

/** left + right */
export function add(left: Operand, right: Operand): Value {
  return applyOne(addOp, operands(left, right), {});
}

/** left - right */
export function sub(left: Operand, right: Operand): Value {
  return applyOne(subOp, operands(left, right), {});
}

/** left * right */
export function mul(left: Operand, right: Operand): Value {
  return applyOne(mulOp, operands(left, right), {});
}

/** left / right */
export function div(left: Operand, right: Operand): Value {
  return applyOne(divOp, operands(left, right), {});
}

/** The smaller of both. It has no gradient: optimizers clip with it. */
export function minimum(left: Operand, right: Operand): Value {
  return applyOne(minimumOp, operands(left, right), {});
}

/** e^x */
export function exp(x: Value): Value {
  return applyOne(expOp, [x], {});
}

/** The square root. */
export function sqrt(x: Value): Value {
  return applyOne(sqrtOp, [x], {});
}

/** sin x, x in radians. */
export function sin(x: Value): Value {
  return applyOne(sinOp, [x], {});
}

/** cos x, x in radians. */
export function cos(x: Value): Value {
  return applyOne(cosOp, [x], {});
}

/** x^2 */
export function square(x: Value): Value {
  return mul(x, x);
}

function lowerTo(opType: string) {
  return ({ onnx, names }: LowerContext<Attributes>) => [onnx.emit(opType, names)];
}

export const addOp: Op<None> = {
  name: "add",
  inferTypes: (inputs) => broadcastTypes("add", inputs),
  lower: lowerTo("Add"),
  vjp: ({ inputs: [left, right], cotangent: dy, needs }) => [
    needs[0] ? sumToShape(dy, left!.shape) : undefined,
    needs[1] ? sumToShape(dy, right!.shape) : undefined,
  ],
};

export const subOp: Op<None> = {
  name: "sub",
  inferTypes: (inputs) => broadcastTypes("sub", inputs),
  lower: lowerTo("Sub"),
  vjp: ({ inputs: [left, right], cotangent: dy, needs }) => [
    needs[0] ? sumToShape(dy, left!.shape) : undefined,
    needs[1] ? mul(sumToShape(dy, right!.shape), -1) : undefined,
  ],
};

export const mulOp: Op<None> = {
  name: "mul",
  inferTypes: (inputs) => broadcastTypes("mul", inputs),
  lower: lowerTo("Mul"),
  vjp: ({ inputs: [left, right], cotangent: dy, needs }) => [
    needs[0] ? sumToShape(mul(dy, right!), left!.shape) : undefined,
    needs[1] ? sumToShape(mul(dy, left!), right!.shape) : undefined,
  ],
};

export const divOp: Op<None> = {
  name: "div",
  inferTypes: (inputs) => broadcastTypes("div", inputs),
  lower: lowerTo("Div"),
  // d(l/r) = dl/r - (l/r) dr/r
  vjp: ({ inputs: [left, right], outputs: [quotient], cotangent: dy, needs }) => {
    const scaled = div(dy, right!);
    return [
      needs[0] ? sumToShape(scaled, left!.shape) : undefined,
      needs[1] ? mul(sumToShape(mul(scaled, quotient!), right!.shape), -1) : undefined,
    ];
  },
};

export const minimumOp: Op<None> = {
  name: "minimum",
  inferTypes: (inputs) => broadcastTypes("minimum", inputs),
  lower: lowerTo("Min"),
  vjp: () => {
    throw gradientMissing("minimum");
  },
};

export const expOp: Op<None> = {
  name: "exp",
  inferTypes: ([x]) => [x!],
  lower: lowerTo("Exp"),
  vjp: ({ outputs: [y], cotangent: dy }) => [mul(dy, y!)],
};

export const sqrtOp: Op<None> = {
  name: "sqrt",
  inferTypes: ([x]) => [x!],
  lower: lowerTo("Sqrt"),
  vjp: ({ outputs: [y], cotangent: dy }) => [div(mul(dy, 0.5), y!)],
};

export const sinOp: Op<None> = {
  name: "sin",
  inferTypes: ([x]) => [x!],
  lower: lowerTo("Sin"),
  vjp: ({ inputs: [x], cotangent: dy }) => [mul(dy, cos(x!))],
};

export const cosOp: Op<None> = {
  name: "cos",
  inferTypes: ([x]) => [x!],
  lower: lowerTo("Cos"),
  vjp: ({ inputs: [x], cotangent: dy }) => [mul(dy, mul(sin(x!), -1))],
};
