/** Model folders: complete ones are found whole, incomplete and foreign ones are refused with what is wrong. */
import { readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../daemon/base/errors.ts";
import { readJsonFile, readModelFolder } from "../../../daemon/checkpoint/diffusers-folder.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { referencePath } from "../../support/reference.ts";
import { copiedModel, cutWeights } from "../../support/resaved-model.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const miniTiny = referencePath("mini-tiny");

async function changeIndex(model: string, change: Record<string, unknown>): Promise<void> {
  const path = join(model, "model_index.json");
  const index = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...index, ...change }));
}

describe("readModelFolder", () => {
  it("finds every part of a model", async () => {
    const model = await readModelFolder(miniTiny);
    expect(model.unet.config.json.in_channels).toBe(16);
    expect(model.vae.config.json.scaling_factor).toBe(0.6);
    expect([...model.textEncoder.weights.files]).toEqual([
      ["model.safetensors", await realpath(join(miniTiny, "text_encoder", "model.safetensors"))],
    ]);
    expect(model.scheduler.json._class_name).toBe("DDIMScheduler");
    expect(model.tokenizer).toBe(join(miniTiny, "tokenizer"));
    expect(model.files).toEqual([
      "model_index.json",
      "scheduler/scheduler_config.json",
      "text_encoder/config.json",
      "text_encoder/model.safetensors",
      "tokenizer/merges.txt",
      "tokenizer/tokenizer.json",
      "tokenizer/tokenizer_config.json",
      "tokenizer/vocab.json",
      "unet/config.json",
      "unet/diffusion_pytorch_model.safetensors",
      "vae/config.json",
      "vae/diffusion_pytorch_model.safetensors",
    ]);
  });

  it.each([
    ["a safety checker", { safety_checker: ["stable_diffusion", "StableDiffusionSafetyChecker"] }],
    ["a feature extractor", { feature_extractor: ["transformers", "CLIPImageProcessor"] }],
    ["an absent part of another pipeline", { text_encoder_2: [null, null], unknown_part: null }],
    ["the fast tokenizer", { tokenizer: ["transformers", "CLIPTokenizerFast"] }],
    ["any scheduler", { scheduler: ["diffusers", "PNDMScheduler"] }],
  ])("accepts %s", async (_, change) => {
    const model = await copiedModel();
    await changeIndex(model, change);
    expect((await readModelFolder(model)).path).toBe(model);
  });

  it.each([
    ["another pipeline", { _class_name: "StableDiffusionXLPipeline" }, "StableDiffusionXLPipeline"],
    ["another network", { unet: ["diffusers", "UNet2DModel"] }, "UNet2DModel"],
    ["a second text encoder", { text_encoder_2: ["transformers", "CLIPTextModelWithProjection"] }, "text_encoder_2"],
    ["a name that objects inherit", { toString: ["a", "B"] }, "toString"],
  ])("refuses %s by name", async (_, change, named) => {
    const model = await copiedModel();
    await changeIndex(model, change);
    const error = await loftErrorOf(() => readModelFolder(model), "model-config-unsupported");
    expect(error.what).toContain(named);
  });

  it("asks for the parts that model_index.json leaves out", async () => {
    const model = await copiedModel();
    await changeIndex(model, { vae: [null, null] });
    const error = await loftErrorOf(() => readModelFolder(model), "model-config-invalid");
    expect(error.what).toContain('"vae"');
  });

  const removals: readonly (readonly [string, string])[] = [
    ["", "model"],
    ["model_index.json", "model_index.json"],
    ["unet/config.json", "unet/config.json"],
    ["vae/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors"],
    ["scheduler", "scheduler_config.json"],
    ["tokenizer", "tokenizer.json"],
  ];
  it.each(removals)("names what is missing: %s", async (removed, named) => {
    const model = await copiedModel();
    await rm(join(model, removed), { recursive: true });
    const error = await loftErrorOf(() => readModelFolder(model), "model-missing");
    expect(error.what).toContain(named);
  });

  it.each([
    ["unet", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin", "pickle"],
    ["unet", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin.index.json", "pickle"],
    ["text_encoder", "model.safetensors", "pytorch_model.bin", "pickle"],
  ])("says why it does not read %s weights as %s", async (part, usual, stored, named) => {
    const model = await copiedModel();
    await rename(join(model, part, usual), join(model, part, stored));
    const error = await loftErrorOf(() => readModelFolder(model), "model-weights-unsupported");
    expect(error.what).toContain(stored);
    expect(error.what).toContain(named);
  });
});

describe("weights that are not one file", () => {
  const ownFiles = (files: readonly string[], part: string) => files.filter((name) => name.startsWith(`${part}/`));

  it("falls back to half-precision weights, and hashes those", async () => {
    const model = await copiedModel();
    const stem = join(model, "unet", "diffusion_pytorch_model");
    await rename(`${stem}.safetensors`, `${stem}.fp16.safetensors`);
    const { unet, files } = await readModelFolder(model);
    expect([...unet.weights.files.values()]).toEqual([await realpath(`${stem}.fp16.safetensors`)]);
    expect(ownFiles(files, "unet")).toEqual(["unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors"]);
  });

  it("finds all parts of cut weights, and hashes the index with them", async () => {
    const model = await copiedModel();
    await cutWeights(model, 2);
    const { textEncoder, files } = await readModelFolder(model);
    expect([...textEncoder.weights.files.keys()]).toEqual([
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
    ]);
    expect(ownFiles(files, "text_encoder")).toEqual([
      "text_encoder/config.json",
      "text_encoder/model-00001-of-00002.safetensors",
      "text_encoder/model-00002-of-00002.safetensors",
      "text_encoder/model.safetensors.index.json",
    ]);
  });
});

describe("readJsonFile", () => {
  it("accepts what Python writes", async () => {
    const file = await readJsonFile(referencePath("mini-tiny", "schedulers", "dpm", "scheduler_config.json"));
    expect(file.json.lambda_min_clipped).toBe(Number.NEGATIVE_INFINITY);
  });

  const cases: readonly (readonly [string, string, ErrorCode | undefined])[] = [
    ["a byte order mark", '\uFEFF{"a": 1}', undefined],
    ["no JSON", "{", "model-config-invalid"],
    ["a list", "[1]", "model-config-invalid"],
    ["null", "null", "model-config-invalid"],
    ["nothing", "", "model-config-invalid"],
  ];
  it.each(cases)("%s", async (_, text, code) => {
    const path = join(await temporaryFolder(), "config.json");
    await writeFile(path, text);
    if (code === undefined) expect(await readJsonFile(path)).toEqual({ path, json: { a: 1 } });
    else expect((await loftErrorOf(() => readJsonFile(path), code)).what).toContain(path);
  });
});
