/** The prompt encoder (transformers `CLIPTextModel`; Radford et al. 2021). */
import { constant, type Value } from "../engine/graph/value.ts";
import { gelu, quickGelu } from "../engine/ops/activation.ts";
import { add } from "../engine/ops/elementwise.ts";
import { gather } from "../engine/ops/indexing.ts";
import { slice } from "../engine/ops/movement.ts";
import { type AttentionLayers, multiHeadAttention } from "../nn/attention.ts";
import { layerNorm } from "../nn/layer-norm.ts";
import { type Weights, within } from "../nn/weights.ts";
import type { TextEncoderConfig } from "./configs/text-encoder-config.ts";

const attentionLayers: AttentionLayers = { query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj" };

/** Token ids [batch, tokens] i64 -> prompt embeds [batch, tokens, width], after the final layer norm. */
export function encodeTokens(weights: Weights, config: TextEncoderConfig, tokenIds: Value): Value {
  // Checkpoints written by transformers before 5.6 have `text_model.` in front of every name.
  const model = weights.has("text_model.final_layer_norm.weight") ? within(weights, "text_model") : weights;
  const tokens = tokenIds.shape[1]!;
  const positions = slice(model.tensor("embeddings.position_embedding.weight"), 0, 0, tokens);
  const mask = causalMask(tokens);
  let hidden = add(gather(model.tensor("embeddings.token_embedding.weight"), tokenIds), positions);
  for (let layer = 0; layer < config.layerCount; layer += 1) {
    hidden = encoderLayer(within(model, `encoder.layers.${layer}`), config, hidden, mask);
  }
  return layerNorm(model, "final_layer_norm", hidden, config.layerNormEps);
}

/**
 * Where the pooled output is read: the end token's place in a row of token ids.
 * `eos_token_id: 2` is a legacy value in published configs and means the largest id.
 */
export function endTokenIndex(tokenIds: readonly number[], config: TextEncoderConfig): number {
  if (config.eosTokenId === 2) return tokenIds.indexOf(Math.max(...tokenIds));
  return Math.max(0, tokenIds.indexOf(config.eosTokenId));
}

function encoderLayer(weights: Weights, config: TextEncoderConfig, x: Value, mask: Value): Value {
  const normalized = layerNorm(weights, "layer_norm1", x, config.layerNormEps);
  const options = { layers: attentionLayers, heads: config.attentionHeads, mask };
  const attended = add(multiHeadAttention(within(weights, "self_attn"), normalized, normalized, options), x);
  const activation = config.hiddenAct === "quick_gelu" ? quickGelu : gelu;
  const expanded = activation(
    weights.linear("mlp.fc1", layerNorm(weights, "layer_norm2", attended, config.layerNormEps)),
  );
  return add(weights.linear("mlp.fc2", expanded), attended);
}

/** [1, 1, n, n]: 0 on and below the diagonal, so far below every score above it that its exponential is 0. */
function causalMask(length: number): Value {
  const data = Float32Array.from({ length: length * length }, (_, index) =>
    Math.floor(index / length) < index % length ? -1e9 : 0,
  );
  return constant(data, [1, 1, length, length], "f32");
}
