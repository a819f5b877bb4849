/** The residual block of U-Net and autoencoder (diffusers `ResnetBlock2D`). */
import type { Value } from "../engine/graph/value.ts";
import { silu } from "../engine/ops/activation.ts";
import { add } from "../engine/ops/elementwise.ts";
import { reshape } from "../engine/ops/movement.ts";
import { conv2d } from "../nn/conv2d.ts";
import { groupNorm } from "../nn/group-norm.ts";
import { type Weights, within } from "../nn/weights.ts";

/**
 * x [batch, in, height, width] -> [batch, out, height, width].
 * @param timeEmbedding [batch, width] after its own activation; autoencoders have none
 */
export function resnetBlock(
  weights: Weights,
  name: string,
  x: Value,
  options: { readonly groups: number; readonly epsilon: number; readonly timeEmbedding?: Value },
): Value {
  const block = within(weights, name);
  const { timeEmbedding } = options;
  let hidden = conv2d(block, "conv1", silu(groupNorm(block, "norm1", x, options)), { padding: 1 });
  if (timeEmbedding !== undefined) {
    const shift = block.linear("time_emb_proj", timeEmbedding);
    hidden = add(hidden, reshape(shift, [...shift.shape, 1, 1]));
  }
  hidden = conv2d(block, "conv2", silu(groupNorm(block, "norm2", hidden, options)), { padding: 1 });
  return add(block.has("conv_shortcut.weight") ? conv2d(block, "conv_shortcut", x) : x, hidden);
}
