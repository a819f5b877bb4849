/** Prompts to prompt embeds: tokenizer and text encoder, run once for all prompts of a run. */

import { float32, type HostTensor, int64 } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { runOnce } from "../engine/runtime/session.ts";
import { fileWeights } from "../nn/weights.ts";
import type { DiffusionModel } from "./diffusion-model.ts";
import { encodeTokens } from "./text-encoder.ts";

/** Prompt embeds [tokens, width] by prompt. */
export async function encodePrompts(
  model: DiffusionModel,
  prompts: readonly string[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const distinct = [...new Set(prompts)].sort();
  const length = model.tokenizer.maxLength;
  const ids = int64(
    distinct.flatMap((prompt) => model.tokenizer.encode(prompt)),
    [distinct.length, length],
  );
  const embeds = await encodeTokenIds(model, ids);
  const size = embeds.length / distinct.length;
  return new Map(distinct.map((prompt, row) => [prompt, embeds.slice(row * size, (row + 1) * size)]));
}

/** Token ids [batch, tokens] to prompt embeds [batch, tokens, width]. */
export async function encodeTokenIds(model: DiffusionModel, ids: HostTensor): Promise<Float32Array> {
  const { config, file } = model.textEncoder;
  const promptEmbeds = encodeTokens(fileWeights(file), config, input("tokenIds", ids.shape, "i64"));
  const results = await runOnce({ promptEmbeds }, { tokenIds: ids }, model.session);
  return results.promptEmbeds!.data as Float32Array;
}

/** Prompt embeds of several rows as one tensor [rows, tokens, width]. */
export function stackPromptEmbeds(model: DiffusionModel, rows: readonly Float32Array[]): HostTensor {
  const { maxLength } = model.tokenizer;
  const data = new Float32Array(rows.length * rows[0]!.length);
  for (const [row, embeds] of rows.entries()) data.set(embeds, row * embeds.length);
  return float32(data, [rows.length, maxLength, rows[0]!.length / maxLength]);
}
