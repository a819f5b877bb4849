/** The transformer layer of both CLIP towers (transformers `CLIPEncoderLayer`; Radford et al. 2021). */
import type { Value } from "../engine/graph/value.ts";
import { gelu, quickGelu } from "../engine/ops/activation.ts";
import { add } from "../engine/ops/elementwise.ts";
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
  const normalized = layerNorm(weights, "layer_norm1", x, config.layerNormEps);
  const options = { layers: attentionLayers, heads: config.attentionHeads, ...(mask === undefined ? {} : { mask }) };
  const attended = add(multiHeadAttention(within(weights, "self_attn"), normalized, normalized, options), x);
  const activation = config.hiddenAct === "quick_gelu" ? quickGelu : gelu;
  const expanded = activation(
    weights.linear("mlp.fc1", layerNorm(weights, "layer_norm2", attended, config.layerNormEps)),
  );
  return add(weights.linear("mlp.fc2", expanded), attended);
}
