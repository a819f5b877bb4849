/** The transformer layer of both CLIP towers (transformers `CLIPEncoderLayer`; Radford et al. 2021). */
import type { Value } from "../engine/graph/value.ts";
import { gelu, quickGelu } from "../engine/ops/activation.ts";
import { add } from "../engine/ops/elementwise.ts";
import { slice } from "../engine/ops/movement.ts";
import { type AttentionLayers, multiHeadAttention } from "./attention.ts";
import { layerNorm } from "./layer-norm.ts";
import { type Weights, within } from "./weights.ts";

/** What a tower's config says of each of its layers. */
export type ClipLayerConfig = {
  readonly attentionHeads: number;
  readonly hiddenAct: "gelu" | "quick_gelu";
  readonly layerNormEps: number;
};

const attentionLayers: AttentionLayers = { query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj" };

/**
 * x [batch, n, width] -> the same shape.
 * @param mask added to the attention scores, broadcast to [batch, heads, n, n]
 */
export function clipEncoderLayer(weights: Weights, config: ClipLayerConfig, x: Value, mask?: Value): Value {
  return layerFor(weights, config, { x, all: layerNorm(weights, "layer_norm1", x, config.layerNormEps) }, mask);
}

/** What the layer makes of the first token, [batch, 1, width]: for a last layer of which only that is read. */
export function clipEncoderLayerOfFirst(weights: Weights, config: ClipLayerConfig, x: Value): Value {
  const all = layerNorm(weights, "layer_norm1", x, config.layerNormEps);
  return layerFor(weights, config, { x: slice(x, 1, 0, 1), all });
}

/** The tokens x, first ones of a sequence that is `all` when normalized, after attending to the whole of it. */
function layerFor(
  weights: Weights,
  config: ClipLayerConfig,
  { x, all }: { readonly x: Value; readonly all: Value },
  mask?: Value,
): Value {
  const count = x.shape[1]!;
  const queries = count === all.shape[1] ? all : slice(all, 1, 0, count);
  const options = { layers: attentionLayers, heads: config.attentionHeads, ...(mask === undefined ? {} : { mask }) };
  const attended = add(multiHeadAttention(within(weights, "self_attn"), queries, all, options), x);
  const activation = config.hiddenAct === "quick_gelu" ? quickGelu : gelu;
  const expanded = activation(
    weights.linear("mlp.fc1", layerNorm(weights, "layer_norm2", attended, config.layerNormEps)),
  );
  return add(weights.linear("mlp.fc2", expanded), attended);
}
