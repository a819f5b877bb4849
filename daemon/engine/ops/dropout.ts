/** Dropout whose randomness comes in as two small inputs, so that a step can be repeated exactly on any device. */
import type { Op } from "../graph/op.ts";
import { applyOne, type Value } from "../graph/value.ts";
import { broadcastTypes } from "./broadcast.ts";
import { mul } from "./elementwise.ts";

/**
 * x with each element zeroed with probability `rate` (Srivastava et al. 2014). The others stay as they are: whoever uses
 * them divides by 1 - rate, where numbers are few.
 * @param left, right uniform in [0, 1), each broadcasting to x: an element is dropped where the sum modulo 1 lies below
 *   `rate`. For left over rows and right over columns the elements are uniform and independent in pairs, at the price of
 *   rows + columns random numbers instead of rows * columns.
 */
export function dropout(x: Value, left: Value, right: Value, rate: number): Value {
  return rate === 0 ? x : mul(x, applyOne(dropoutMaskOp, [left, right], { rate }));
}

/** 0 where dropped, 1 elsewhere. It has no gradient: what it is made of is random. */
export const dropoutMaskOp: Op<{ readonly rate: number }> = {
  name: "dropoutMask",
  inferTypes: (inputs) => broadcastTypes("dropoutMask", inputs),
  // floor(s + 1 - rate) - floor(s): comparing and choosing would be more passes over the numbers, and slower ones.
  lower: ({ onnx, names: [left, right], outputs: [y], attributes: { rate } }) => {
    const floored = (name: string) => onnx.emit("Floor", [onnx.emit("Add", [name, right!])]);
    const raised = onnx.emit("Add", [left!, onnx.scalar(1 - rate, y!.dtype)]);
    return [onnx.emit("Sub", [floored(raised), floored(left!)])];
  },
  vjp: () => [undefined, undefined],
};
