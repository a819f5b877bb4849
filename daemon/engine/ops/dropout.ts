/** Dropout whose randomness comes in as two small inputs, so that a step can be repeated exactly on any device. */
import type { Op } from "../graph/op.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { broadcastTypes } from "./broadcast.ts";
import { mul } from "./elementwise.ts";

/**
 * x with each element zeroed with probability `rate`, the others divided by 1 - rate (Srivastava et al. 2014).
 * @param left, right uniform in [0, 1), each broadcasting to x: an element is dropped where the sum modulo 1 lies below
 *   `rate`. For left over rows and right over columns the elements are uniform and independent in pairs, at the price of
 *   rows + columns random numbers instead of rows * columns.
 */
export function dropout(x: Value, left: Value, right: Value, rate: number): Value {
  return rate === 0 ? x : mul(x, applyOne(dropoutScaleOp, [left, right], { rate }));
}

/** 0 where dropped, 1 / (1 - rate) elsewhere. It has no gradient: what it is made of is random. */
export const dropoutScaleOp: Op<{ readonly rate: number }> = {
  name: "dropoutScale",
  inferTypes: (inputs) => broadcastTypes("dropoutScale", inputs),
  lower: ({ onnx, names: [left, right], outputs: [y], attributes: { rate } }) => {
    const { dtype } = y!;
    const at = (value: number) => onnx.scalar(value, dtype);
    const sum = onnx.emit("Add", [left!, right!]);
    const wraps = onnx.emit("Less", [sum, at(1)]);
    const fraction = onnx.emit("Where", [wraps, sum, onnx.emit("Sub", [sum, at(1)])]);
    return [onnx.emit("Where", [onnx.emit("Less", [fraction, at(rate)]), at(0), at(1 / (1 - rate))])];
  },
  vjp: () => [undefined, undefined],
};
