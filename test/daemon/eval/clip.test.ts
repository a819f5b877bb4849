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

  it("reads files of older versions, and refuses other steps", async () => {
    const older = { path: "p", json: { size: 224, crop_size: 224, resample: 3, do_resize: true } };
    expect(readProcessor(older)).toEqual(defaultProcessor(224));
    await loftErrorOf(() => readProcessor({ path: "p", json: { ...older.json, do_center_crop: false } }));
    await loftErrorOf(() => readProcessor({ path: "p", json: { ...older.json, size: 100 } }));
    await loftErrorOf(() => readProcessor({ path: "p", json: { ...older.json, resample: 0 } }));
  });
});

describe("configs", () => {
  it("reads the published kind of ViT-B/16, with its settings of text generation", () => {
    const generation = { do_sample: false, num_beams: 1, top_k: 50, torchscript: false, pad_token_id: null };
    const json = {
      architectures: ["CLIPModel"],
      model_type: "clip",
      projection_dim: 512,
      logit_scale_init_value: 2.6592,
      initializer_factor: 1,
      torch_dtype: "float32",
      transformers_version: null,
      text_config_dict: null,
      text_config: { ...generation, pad_token_id: 1, hidden_size: 512, num_attention_heads: 8, eos_token_id: 2 },
      vision_config: { ...generation, image_size: 224, patch_size: 16, num_hidden_layers: 12 },
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
  ])("refuses %s by name", async (_, json) => {
    const error = await loftErrorOf(() => readClipConfig({ path: "config.json", json }), "model-config-unsupported");
    expect(error.what).toContain("config.json");
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
