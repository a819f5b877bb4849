/** The prompt encoder (transformers `CLIPTextModel`; Radford et al. 2021). */
import { constant, type Value } from "../engine/graph/value.ts";
import { add } from "../engine/ops/elementwise.ts";
import { gather } from "../engine/ops/indexing.ts";
import { slice } from "../engine/ops/movement.ts";
import { clipEncoderLayer } from "../nn/clip-encoder-layer.ts";
import { layerNorm } from "../nn/layer-norm.ts";
import { type Weights, within } from "../nn/weights.ts";
import type { TextEncoderConfig } from "./configs/text-encoder-config.ts";

/** The weights by names without the `text_model.` that checkpoints written by transformers before 5.6 have in front. */
export function plainTextWeights(weights: Weights): Weights {
  return weights.has("text_model.final_layer_norm.weight") ? within(weights, "text_model") : weights;
}

/** Token ids [batch, tokens] i64 -> prompt embeds [batch, tokens, width], after the final layer norm. */
export function encodeTokens(weights: Weights, config: TextEncoderConfig, tokenIds: Value): Value {
  const model = plainTextWeights(weights);
  const tokens = tokenIds.shape[1]!;
  const positions = slice(model.tensor("embeddings.position_embedding.weight"), 0, 0, tokens);
  const mask = causalMask(tokens);
  let hidden = add(gather(model.tensor("embeddings.token_embedding.weight"), tokenIds), positions);
  for (let layer = 0; layer < config.layerCount; layer += 1) {
    hidden = clipEncoderLayer(within(model, `encoder.layers.${layer}`), config, hidden, mask);
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

/** [1, 1, n, n]: 0 on and below the diagonal, so far below every score above it that its exponential is 0. */
function causalMask(length: number): Value {
  const data = Float32Array.from({ length: length * length }, (_, index) =>
    Math.floor(index / length) < index % length ? -1e9 : 0,
  );
  return constant(data, [1, 1, length, length], "f32");
}
