/** Layer normalization with stored scale and shift. */
import type { Value } from "../engine/graph/value.ts";
import { layerNorm as normalize } from "../engine/ops/normalization.ts";
import { type Weights, within } from "./weights.ts";

/** x [..., width] normalized over the last axis by the layer `name`. */
export function layerNorm(weights: Weights, name: string, x: Value, epsilon: number): Value {
  const layer = within(weights, name);
  return normalize(x, layer.tensor("weight"), layer.tensor("bias"), epsilon);
}
