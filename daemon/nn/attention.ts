/** Multi-head attention between token sequences. */
import type { Value } from "../engine/graph/value.ts";
import { attention } from "../engine/ops/attention.ts";
import { reshape, transpose } from "../engine/ops/movement.ts";
import type { Weights } from "./weights.ts";

/** Names of the four linear layers. */
export type AttentionLayers = {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
};

/** The names diffusers gives them. */
export const diffusersAttention: AttentionLayers = { query: "to_q", key: "to_k", value: "to_v", output: "to_out.0" };

/**
 * Tokens [batch, n, width] attend to context [contexts, m, contextWidth] -> [batch, n, width]. Where there are fewer
 * contexts, batch / contexts sequences one after the other share one, and its keys and values are computed once.
 * @param mask added to the scores, broadcast to [batch, heads, n, m]; only with a context for each sequence
 */
export function multiHeadAttention(
  weights: Weights,
  tokens: Value,
  context: Value,
  options: { readonly layers: AttentionLayers; readonly heads: number; readonly mask?: Value },
): Value {
  const { layers, heads, mask } = options;
  const query = splitHeads(weights.linear(layers.query, asManyAs(tokens, context)), heads);
  const key = splitHeads(weights.linear(layers.key, context), heads);
  const value = splitHeads(weights.linear(layers.value, context), heads);
  const attended = attention(query, key, value, 1 / Math.sqrt(query.shape[3]!), mask);
  const output = weights.linear(layers.output, joinHeads(attended));
  return asManyAs(output, tokens);
}

/** Sequences [batch, n, width] joined or parted so that there are as many as of `like`. */
function asManyAs(x: Value, like: Value): Value {
  const [batch, length, width] = x.shape as [number, number, number];
  const sequences = like.shape[0]!;
  return sequences === batch ? x : reshape(x, [sequences, (batch * length) / sequences, width]);
}

/** [batch, n, heads * width] -> [batch, heads, n, width] */
function splitHeads(x: Value, heads: number): Value {
  const [batch, length, width] = x.shape as [number, number, number];
  return transpose(reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [batch, heads, n, width] -> [batch, n, heads * width] */
function joinHeads(x: Value): Value {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, length, heads * width]);
}
