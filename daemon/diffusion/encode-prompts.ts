/** Prompts to prompt embeds: tokenizer and text encoder. */

import { concatenated, float32, type HostTensor, int64 } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { createSession } from "../engine/runtime/session.ts";
import { fileWeights } from "../nn/weights.ts";
import type { DiffusionModel } from "./diffusion-model.ts";
import { encodeTokens } from "./text-encoder.ts";

/**
 * Prompt embeds [tokens, width] by prompt. Encoded one at a time: the prompts of a thousand classes need the memory of
 * one, and none depends on its neighbors.
 * @throws the reason of `signal` when it is aborted between two prompts
 */
export async function encodePrompts(
  model: DiffusionModel,
  prompts: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Float32Array>> {
  const { config, file } = model.textEncoder;
  const shape = [1, model.tokenizer.maxLength];
  const promptEmbeds = encodeTokens(fileWeights(file), config, input("tokenIds", shape, "i64"));
  const session = await createSession({ promptEmbeds }, model.session);
  const embeds = new Map<string, Float32Array>();
  try {
    for (const prompt of new Set(prompts)) {
      signal?.throwIfAborted();
      const results = await session.run({ tokenIds: int64(model.tokenizer.encode(prompt), shape) });
      embeds.set(prompt, results.promptEmbeds!.data as Float32Array);
    }
    return embeds;
  } finally {
    await session.release();
  }
}

/** Prompt embeds of several rows as one tensor [rows, tokens, width]. */
export function stackPromptEmbeds(model: DiffusionModel, rows: readonly Float32Array[]): HostTensor {
  const { maxLength } = model.tokenizer;
  const width = rows[0]!.length / maxLength;
  return float32(concatenated(rows), [rows.length, maxLength, width]);
}
