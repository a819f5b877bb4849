/** Clipping gradients by their norm, as graph operations; pure. */
import type { Value } from "../engine/graph/value.ts";
import { add, div, minimum, mul, sqrt, square } from "../engine/ops/elementwise.ts";
import { reduceSum } from "../engine/ops/reduction.ts";

/**
 * Scale each row of gradients [rows, count] by min(1, maxNorm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ does.
 * @returns the clipped gradients and each row's norm before clipping, [rows, 1]
 */
export function clipGradNorm(gradient: Value, maxNorm: number): { readonly clipped: Value; readonly norm: Value } {
  const norm = sqrt(reduceSum(square(gradient), [1]));
  return { clipped: mul(gradient, minimum(div(maxNorm, add(norm, 1e-6)), 1)), norm };
}
