/** CLIP against transformers: features, logits, preprocessing; and configs as they are published. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readPicture } from "../../../daemon/data/image-file.ts";
import { float32, int64 } from "../../../daemon/engine/graph/tensor.ts";
import { input } from "../../../daemon/engine/graph/value.ts";
import { readClipConfig } from "../../../daemon/eval/clip-config.ts";
import { loadClipModel, tokenFeeds } from "../../../daemon/eval/clip-model.ts";
import { clipLogits, imageFeatures, normalized, textFeatures, textInputs } from "../../../daemon/eval/clip-network.ts";
import { defaultProcessor, processPicture, readProcessor } from "../../../daemon/eval/clip-processor.ts";
import { fileWeights } from "../../../daemon/nn/weights.ts";
import { type ClipCase, readClipCase } from "../../support/clip-case.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { cpu, runGraph } from "../../support/run-graph.ts";

let reference: ClipCase;
beforeAll(async () => {
  reference = await readClipCase();
});

describe("the towers", () => {
  it("give transformers' features and logits", async () => {
    const { model, array, prompts, excess } = reference;
    const weights = fileWeights(model.file);
    const images = array("images");
    const { tokenIds, endMask } = textInputs(model.config, 3);
    const image = imageFeatures(weights, model.config, input("pixels", images.shape));
    const text = textFeatures(weights, model.config, tokenIds, endMask);
    const feeds = tokenFeeds(model, prompts);
    expect([...(feeds.tokenIds.data as BigInt64Array)].map(Number)).toEqual([...array("input_ids").data]);
    const found = await runGraph(
      {
        image_features_raw: image,
        text_features_raw: text,
        image_features: normalized(image),
        text_features: normalized(text),
        logits: clipLogits(weights, image, text),
      },
      { pixels: float32(images.data, images.shape), ...feeds },
    );
    for (const [name, { data }] of Object.entries(found)) {
      expect({ name, isClose: excess(name, data as Float32Array) <= 1 }).toEqual({ name, isClose: true });
    }
  });
});

describe("the processor", () => {
  it("gives the pixels of CLIPImageProcessor, transparent pictures on white", async () => {
    const { pictures, folder, model, excess } = reference;
    for (const [index, name] of pictures.entries()) {
      const pixels = processPicture(model.processor, await readPicture(join(folder, name)));
      const wanted = reference.array(`pixels.${index}`).data;
      // libvips and Pillow round the blend of a transparent pixel with white differently, by a level, which the cubic may enlarge.
      const level = 1 / 255 / Math.min(...model.processor.std);
      const worst = pixels.reduce((most, value, at) => Math.max(most, Math.abs(value - wanted[at]!)), 0);
      if (name === "picture3.png") expect(worst).toBeLessThan(level * 2.01);
      else expect(excess(`pixels.${index}`, pixels)).toBeLessThanOrEqual(1);
    }
    const larger = { ...model.processor, shortestEdge: 96, cropSide: 96 };
    const enlarged = processPicture(larger, await readPicture(join(folder, pictures[0]!)));
    expect(excess("pixels.larger.0", enlarged)).toBeLessThanOrEqual(1);
  });

  it("reads files of older and of fast versions, and refuses other steps", async () => {
    const older = { path: "p", json: { size: 224, crop_size: 224, resample: 3, do_resize: true } };
    expect(readProcessor(older)).toEqual(defaultProcessor(224));
    const steps = { do_resize: true, do_center_crop: true, do_normalize: true, do_rescale: true, do_convert_rgb: true };
    const sizes = { size: { shortest_edge: 224 }, crop_size: { height: 224, width: 224 }, resample: 3 };
    const extractor = { image_processor_type: "CLIPFeatureExtractor", feature_extractor_type: "CLIPFeatureExtractor" };
    expect(readProcessor({ path: "p", json: { ...steps, ...sizes, ...extractor } })).toEqual(defaultProcessor(224));
    const unused = { device: null, disable_grouping: null, do_pad: null, input_data_format: null, pad_size: null };
    const fast = {
      image_processor_type: "CLIPImageProcessorFast",
      data_format: "channels_first",
      return_tensors: null,
    };
    const json = { ...steps, ...sizes, ...fast, ...unused, default_to_square: false };
    expect(readProcessor({ path: "p", json })).toEqual(defaultProcessor(224));
    await loftErrorOf(() => readProcessor({ path: "p", json: { ...older.json, do_center_crop: false } }));
    await loftErrorOf(() => readProcessor({ path: "p", json: { ...older.json, size: 100 } }));
    await loftErrorOf(() => readProcessor({ path: "p", json: { ...older.json, resample: 0 } }));
  });
});

describe("configs", () => {
  it("reads the published kind of ViT-B/16, with all that transformers 4.16 wrote into it", () => {
    const settings = {
      ...{ _name_or_path: "", add_cross_attention: false, architectures: null, attention_dropout: 0 },
      ...{ bad_words_ids: null, chunk_size_feed_forward: 0, cross_attention_hidden_size: null, dropout: 0 },
      ...{ decoder_start_token_id: null, diversity_penalty: 0, do_sample: false, early_stopping: false },
      ...{ encoder_no_repeat_ngram_size: 0, finetuning_task: null, forced_bos_token_id: null },
      ...{ forced_eos_token_id: null, hidden_act: "quick_gelu", id2label: { "0": "LABEL_0", "1": "LABEL_1" } },
      ...{ initializer_factor: 1, initializer_range: 0.02, is_decoder: false, is_encoder_decoder: false },
      ...{ label2id: { LABEL_0: 0, LABEL_1: 1 }, layer_norm_eps: 1e-5, length_penalty: 1, max_length: 20 },
      ...{ min_length: 0, no_repeat_ngram_size: 0, num_beam_groups: 1, num_beams: 1, num_hidden_layers: 12 },
      ...{ num_return_sequences: 1, output_attentions: false, output_hidden_states: false, output_scores: false },
      ...{ prefix: null, projection_dim: 512, problem_type: null, pruned_heads: {}, remove_invalid_values: false },
      ...{ repetition_penalty: 1, return_dict: true, return_dict_in_generate: false, sep_token_id: null },
      ...{ task_specific_params: null, temperature: 1, tie_encoder_decoder: false, tie_word_embeddings: true },
      ...{ tokenizer_class: null, top_k: 50, top_p: 1, torch_dtype: null, torchscript: false },
      ...{ transformers_version: "4.16.0.dev0", use_bfloat16: false },
    };
    const text = { bos_token_id: 0, eos_token_id: 2, pad_token_id: 1, max_position_embeddings: 77, vocab_size: 49408 };
    const textSize = { hidden_size: 512, intermediate_size: 2048, num_attention_heads: 8 };
    const vision = { bos_token_id: null, eos_token_id: null, pad_token_id: null, image_size: 224, patch_size: 16 };
    const visionSize = { hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12 };
    const json = {
      ...{ architectures: ["CLIPModel"], model_type: "clip", projection_dim: 512, logit_scale_init_value: 2.6592 },
      ...{ initializer_factor: 1, transformers_version: null, text_config_dict: null, vision_config_dict: null },
      text_config: { ...settings, model_type: "clip_text_model", ...text, ...textSize },
      vision_config: { ...settings, model_type: "clip_vision_model", ...vision, ...visionSize },
    };
    const config = readClipConfig({ path: "config.json", json });
    expect(config.vision).toMatchObject({ patchSize: 16, layerCount: 12, hiddenSize: 768, attentionHeads: 12 });
    expect(config.text).toMatchObject({ hiddenSize: 512, layerCount: 12, maxPositionEmbeddings: 77 });
  });

  it.each([
    ["another model", { model_type: "siglip" }],
    ["an unknown key", { model_type: "clip", rotary: true }],
    ["patches that do not fit", { vision_config: { image_size: 30, patch_size: 8 } }],
    ["heads that do not fit", { vision_config: { num_attention_heads: 5 } }],
    ["an unknown key of a tower", { vision_config: { rotary: true } }],
    ["heads taken out of a tower", { text_config: { pruned_heads: { "1": [0] } } }],
  ])("refuses %s by name", async (_, json) => {
    const error = await loftErrorOf(() => readClipConfig({ path: "config.json", json }), "model-config-unsupported");
    expect(error.what).toContain("config.json");
    expect(error.fix).toContain("CLIP model");
  });

  it("says what a folder lacks", async () => {
    await loftErrorOf(() => loadClipModel(join(reference.folder, "lora"), cpu), "model-missing");
  });

  it("takes the end token where the tokenizer puts it", () => {
    const { endMask } = tokenFeeds(reference.model, ["a", "a photo of a forest"]);
    expect([...(endMask.data as Float32Array)].filter((value) => value === 1)).toHaveLength(2);
    expect(int64([1], [1]).dtype).toBe("i64");
  });
});
