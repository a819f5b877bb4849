/** The config of transformers' CLIPModel (5.23): both towers and the space where they meet. Pure. */
import type { ConfigFile } from "../checkpoint/diffusers-folder.ts";
import { isRecord } from "../checkpoint/json-text.ts";
import { configReader } from "../diffusion/configs/config-reader.ts";
import { readTextEncoderConfig, type TextEncoderConfig } from "../diffusion/configs/text-encoder-config.ts";

export type ClipVisionConfig = {
  /** Side of the pictures in pixels. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layerCount: number;
  readonly attentionHeads: number;
  readonly hiddenAct: "gelu" | "quick_gelu";
  readonly layerNormEps: number;
};

export type ClipConfig = {
  readonly text: TextEncoderConfig;
  readonly vision: ClipVisionConfig;
  /** Width of the features that pictures and texts are compared in. */
  readonly projectionDim: number;
};

/** For advice. */
export const clipModel = "a CLIP model in transformers layout";

/**
 * Read the config.json of a CLIPModel. Absent keys have transformers' defaults, those of ViT-B/32.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readClipConfig(file: ConfigFile): ClipConfig {
  const read = configReader(file, clipModel);
  read.only("model_type", ["clip"]);
  read.only("architectures", [null, ["CLIPModel"]]);
  // The two "_dict" are what the configs were made from; transformers reads them no more.
  read.ignore(["text_config", "vision_config", "text_config_dict", "vision_config_dict", ...meaninglessKeys]);
  const projectionDim = read.count("projection_dim", 512);
  read.only("tie_word_embeddings", [true, false]);
  read.finish();
  return {
    projectionDim,
    text: readTextEncoderConfig(tower(file, "text_config"), clipModel),
    vision: readVisionConfig(tower(file, "vision_config")),
  };
}

function readVisionConfig(file: ConfigFile): ClipVisionConfig {
  const read = configReader(file, clipModel);
  const config: ClipVisionConfig = {
    imageSize: read.count("image_size", 224),
    patchSize: read.count("patch_size", 32),
    hiddenSize: read.count("hidden_size", 768),
    intermediateSize: read.count("intermediate_size", 3072),
    layerCount: read.count("num_hidden_layers", 12),
    attentionHeads: read.count("num_attention_heads", 12),
    hiddenAct: read.choice("hidden_act", ["gelu", "quick_gelu"], "quick_gelu"),
    layerNormEps: read.number("layer_norm_eps", 1e-5, { above: 0 }),
  };
  read.only("model_type", ["clip_vision_model"]);
  read.only("architectures", [null, ["CLIPVisionModel"]]);
  read.only("num_channels", [3]);
  for (const key of ["is_encoder_decoder", "add_cross_attention", "is_decoder"]) read.only(key, [false]);
  read.ignore([...meaninglessKeys, "bos_token_id", "eos_token_id", "pad_token_id"]);
  read.finish();
  if (config.imageSize % config.patchSize !== 0) {
    read.refuse("patch_size", `a divisor of image_size (${config.imageSize})`);
  }
  if (config.hiddenSize % config.attentionHeads !== 0) {
    read.refuse("num_attention_heads", `a divisor of hidden_size (${config.hiddenSize})`);
  }
  return config;
}

/** A tower's part of the file, under the file's name, without what transformers before 4.30 wrote into every config. */
function tower({ path, json }: ConfigFile, key: string): ConfigFile {
  const part = json[key];
  const entries = isRecord(part) ? Object.entries(part).filter(([name, value]) => !isOfNoTower(name, value)) : [];
  return { path: `${path} (${key})`, json: Object.fromEntries(entries) };
}

function isOfNoTower(name: string, value: unknown): boolean {
  const isEmpty = isRecord(value) && Object.keys(value).length === 0;
  return generationKeys.includes(name) || (name === "pruned_heads" && isEmpty);
}

/** How weights were initialized or stored, what a call returns, what is off at inference. */
const meaninglessKeys = (
  "attention_dropout chunk_size_feed_forward dropout dtype id2label initializer_factor initializer_range label2id " +
  "logit_scale_init_value output_attentions output_hidden_states problem_type projection_dim return_dict torch_dtype " +
  "transformers_version use_cache"
).split(" ");

/** Settings of text generation and of training, which no CLIP tower uses. */
const generationKeys = (
  "bad_words_ids begin_suppress_tokens cross_attention_hidden_size decoder_start_token_id diversity_penalty do_sample " +
  "early_stopping encoder_no_repeat_ngram_size exponential_decay_length_penalty finetuning_task forced_bos_token_id " +
  "forced_eos_token_id gradient_checkpointing length_penalty max_length min_length no_repeat_ngram_size " +
  "num_beam_groups num_beams num_return_sequences output_scores prefix remove_invalid_values repetition_penalty " +
  "return_dict_in_generate sep_token_id suppress_tokens task_specific_params temperature tf_legacy_loss " +
  "tie_encoder_decoder tie_word_embeddings tokenizer_class top_k top_p torchscript typical_p use_bfloat16"
).split(" ");
