/** Prompts to prompt embeds with an adapted text encoder: each row of a batch has a fusion of its own. */
import { adaptedWeights, type LoraLayout, unpackLora } from "../adapters/lora.ts";
import type { DiffusionModel } from "../diffusion/diffusion-model.ts";
import { encodeTokens, plainTextWeights } from "../diffusion/text-encoder.ts";
import { concatenated, float32, int64 } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { createSession } from "../engine/runtime/session.ts";
import { fileWeights } from "../nn/weights.ts";

export type AdaptedPromptOptions = {
  /** Prompts encoded at once. */
  readonly rows: number;
  /** Layout of the packed fusions of the text encoder. */
  readonly layout: LoraLayout;
};

/** A prompt, and the fusion of the text encoder packed by the layout. */
export type AdaptedPrompt = { readonly prompt: string; readonly fusion: Float32Array };

/** A session for one size of batch; release it. */
export type AdaptedPromptEncoder = {
  /** Prompt embeds [tokens * width] of each of `rows` prompts; with guidance the negative prompts are such, too. */
  readonly encode: (prompts: readonly AdaptedPrompt[]) => Promise<Float32Array[]>;
  readonly release: () => Promise<void>;
};

/** Build the session that encodes `rows` prompts, each with its own fusion. */
export async function createAdaptedPromptEncoder(
  model: DiffusionModel,
  { rows, layout }: AdaptedPromptOptions,
): Promise<AdaptedPromptEncoder> {
  const { config, file } = model.textEncoder;
  const shape = [rows, model.tokenizer.maxLength];
  const packedShape = [rows, layout.parameterCount];
  const lora = unpackLora(layout, input("fusions", packedShape));
  const weights = adaptedWeights(plainTextWeights(fileWeights(file)), lora, 1);
  const promptEmbeds = encodeTokens(weights, config, input("tokenIds", shape, "i64"));
  const session = await createSession({ promptEmbeds }, model.session);
  return {
    encode: async (prompts) => {
      const results = await session.run({
        tokenIds: int64(
          prompts.flatMap(({ prompt }) => model.tokenizer.encode(prompt)),
          shape,
        ),
        fusions: float32(concatenated(prompts.map(({ fusion }) => fusion)), packedShape),
      });
      const embeds = results.promptEmbeds!.data as Float32Array;
      const size = embeds.length / rows;
      return prompts.map((_, row) => embeds.slice(row * size, (row + 1) * size));
    },
    release: () => session.release(),
  };
}
