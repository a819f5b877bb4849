/** The config of transformers' CLIPTextModel (5.23). Pure. */
import type { ConfigFile } from "../../checkpoint/diffusers-folder.ts";
import { configReader } from "./config-reader.ts";

export type TextEncoderConfig = {
  readonly vocabSize: number;
  /** Width of the prompt embeds. */
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layerCount: number;
  readonly attentionHeads: number;
  /** Tokens of a prompt, begin and end included. */
  readonly maxPositionEmbeddings: number;
  readonly hiddenAct: "gelu" | "quick_gelu";
  readonly layerNormEps: number;
  /** Published configs often hold wrong ids here (0, 2, 1); the tokenizer's are the right ones. */
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  readonly padTokenId: number;
};

/**
 * Read a text encoder's config.json. Absent keys have transformers' defaults.
 * @param wanted as `configReader` takes it
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readTextEncoderConfig(file: ConfigFile, wanted?: string): TextEncoderConfig {
  const read = configReader(file, wanted);
  const config: TextEncoderConfig = {
    vocabSize: read.count("vocab_size", 49408),
    hiddenSize: read.count("hidden_size", 512),
    intermediateSize: read.count("intermediate_size", 2048),
    layerCount: read.count("num_hidden_layers", 12),
    attentionHeads: read.count("num_attention_heads", 8),
    maxPositionEmbeddings: read.count("max_position_embeddings", 77),
    hiddenAct: read.choice("hidden_act", ["gelu", "quick_gelu"], "quick_gelu"),
    layerNormEps: read.number("layer_norm_eps", 1e-5, { above: 0 }),
    bosTokenId: read.count("bos_token_id", 49406, 0),
    eosTokenId: read.count("eos_token_id", 49407, 0),
    padTokenId: read.count("pad_token_id", 1, 0),
  };
  read.only("model_type", ["clip_text_model"]);
  read.only("architectures", [null, ["CLIPTextModel"]]);
  for (const key of ["is_encoder_decoder", "add_cross_attention", "is_decoder"]) read.only(key, [false]);
  read.ignore(meaninglessKeys);
  read.finish();
  if (config.hiddenSize % config.attentionHeads !== 0) {
    read.refuse("num_attention_heads", `a divisor of hidden_size (${config.hiddenSize})`);
  }
  return config;
}

/** How weights were initialized or stored, what a call returns, what is off at inference; we take no projection. */
const meaninglessKeys = [
  "attention_dropout",
  "chunk_size_feed_forward",
  "dropout",
  "dtype",
  "id2label",
  "initializer_factor",
  "initializer_range",
  "label2id",
  "output_attentions",
  "output_hidden_states",
  "problem_type",
  "projection_dim",
  "return_dict",
  "torch_dtype",
  "transformers_version",
  "use_cache",
];
