/** The spatial transformer of the U-Net: pixels attend to each other and to the prompt (diffusers `Transformer2DModel`). */
import type { Value } from "../engine/graph/value.ts";
import { gelu } from "../engine/ops/activation.ts";
import { add, mul } from "../engine/ops/elementwise.ts";
import { reshape, transpose } from "../engine/ops/movement.ts";
import { diffusersAttention, multiHeadAttention } from "../nn/attention.ts";
import { conv2d } from "../nn/conv2d.ts";
import { groupNorm } from "../nn/group-norm.ts";
import { layerNorm } from "../nn/layer-norm.ts";
import { type Weights, within } from "../nn/weights.ts";

export type TransformerOptions = {
  readonly heads: number;
  readonly groups: number;
  readonly layers: number;
  /** Projections in and out are linear layers on tokens; otherwise 1x1 convolutions. */
  readonly linearProjection: boolean;
};

const layerNormEpsilon = 1e-5;
const groupNormEpsilon = 1e-6;

/** x [batch, channels, height, width], prompt embeds [batch, tokens, width] -> the shape of x. */
export function spatialTransformer(
  weights: Weights,
  name: string,
  x: Value,
  promptEmbeds: Value,
  { heads, groups, layers, linearProjection }: TransformerOptions,
): Value {
  const part = within(weights, name);
  const normalized = groupNorm(part, "norm", x, { groups, epsilon: groupNormEpsilon });
  let tokens = linearProjection
    ? part.linear("proj_in", toTokens(normalized))
    : toTokens(conv2d(part, "proj_in", normalized));
  for (let layer = 0; layer < layers; layer += 1) {
    tokens = transformerLayer(within(part, `transformer_blocks.${layer}`), tokens, promptEmbeds, heads);
  }
  const projected = linearProjection
    ? toPixels(part.linear("proj_out", tokens), x)
    : conv2d(part, "proj_out", toPixels(tokens, x));
  return add(projected, x);
}

function transformerLayer(weights: Weights, tokens: Value, promptEmbeds: Value, heads: number): Value {
  const norm = (name: string, x: Value) => layerNorm(weights, name, x, layerNormEpsilon);
  const attend = (name: string, x: Value, context: Value) =>
    multiHeadAttention(within(weights, name), x, context, { layers: diffusersAttention, heads });
  const normalized = norm("norm1", tokens);
  const self = add(attend("attn1", normalized, normalized), tokens);
  const crossed = add(attend("attn2", norm("norm2", self), promptEmbeds), self);
  return add(feedForward(within(weights, "ff"), norm("norm3", crossed)), crossed);
}

/** Gated feed-forward: the first half of the projection times gelu of the second (Shazeer 2020, GEGLU). */
function feedForward(weights: Weights, x: Value): Value {
  const [kept, gate] = weights.linearParts("net.0.proj", x, 2);
  return weights.linear("net.2", mul(gelu(gate!), kept!));
}

/** [batch, channels, height, width] -> [batch, height * width, channels] */
function toTokens(x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return transpose(reshape(x, [batch, channels, height * width]), [0, 2, 1]);
}

/** The way back, to the height and width of `like`. */
function toPixels(tokens: Value, like: Value): Value {
  const [batch, , height, width] = like.shape as [number, number, number, number];
  return reshape(transpose(tokens, [0, 2, 1]), [batch, tokens.shape[2]!, height, width]);
}
