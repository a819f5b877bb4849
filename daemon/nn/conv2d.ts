/** A convolution layer with stored weight and bias. */
import type { Value } from "../engine/graph/value.ts";
import { conv2d as convolve, type Padding } from "../engine/ops/convolution.ts";
import { type Weights, within } from "./weights.ts";

/** x [batch, in, height, width] -> [batch, out, ...] by the layer `name`; `padding` on all sides, or top, left, bottom, right. */
export function conv2d(
  weights: Weights,
  name: string,
  x: Value,
  { stride = 1, padding = 0 }: { readonly stride?: number; readonly padding?: number | Padding } = {},
): Value {
  const layer = within(weights, name);
  const sides: Padding = typeof padding === "number" ? [padding, padding, padding, padding] : padding;
  return convolve(x, layer.stored("weight"), layer.tensor("bias"), { stride, padding: sides });
}
