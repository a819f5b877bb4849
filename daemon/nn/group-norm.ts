/** Group normalization (Wu & He 2018). */
import type { Value } from "../engine/graph/value.ts";
import { add, mul } from "../engine/ops/elementwise.ts";
import { reshape } from "../engine/ops/movement.ts";
import { standardize } from "../engine/ops/normalization.ts";
import { type Weights, within } from "./weights.ts";

type Groups = { readonly groups: number; readonly epsilon: number };

/** x [batch, channels, ...]: each group of channels standardized, then scaled and shifted by channel. */
export function groupNorm(weights: Weights, name: string, x: Value, options: Groups): Value {
  const layer = within(weights, name);
  return normalizedGroups(x, layer.tensor("weight"), layer.tensor("bias"), options);
}

/** The same with scale and shift given, [channels] or as many numbers in another shape. */
export function normalizedGroups(x: Value, scale: Value, shift: Value, { groups, epsilon }: Groups): Value {
  const [batch, channels, ...rest] = x.shape as [number, number, ...number[]];
  const area = rest.reduce((product, size) => product * size, 1);
  const rows = reshape(x, [batch, groups, (channels / groups) * area]);
  const standardized = reshape(standardize(rows, epsilon), x.shape);
  const perChannel = (value: Value) => reshape(value, [channels, ...rest.map(() => 1)]);
  return add(mul(standardized, perChannel(scale)), perChannel(shift));
}
