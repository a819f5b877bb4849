/** A convolution layer with stored weight and bias. */
import type { Value } from "../engine/graph/value.ts";
import type { Padding } from "../engine/ops/convolution.ts";
import type { Weights } from "./weights.ts";

/** x [batch, in, height, width] -> [batch, out, ...] by the layer `name`; `padding` on all sides, or top, left, bottom, right. */
export function conv2d(
  weights: Weights,
  name: string,
  x: Value,
  { stride = 1, padding = 0 }: { readonly stride?: number; readonly padding?: number | Padding } = {},
): Value {
  const sides: Padding = typeof padding === "number" ? [padding, padding, padding, padding] : padding;
  return weights.conv2d(name, x, { stride, padding: sides });
}
