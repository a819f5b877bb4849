/** Which files of a repository a model needs: tables of listings. */
import { describe, expect, it } from "vitest";
import { chooseFiles } from "../../../daemon/hub/choose-files.ts";
import { loftErrorOf } from "../../support/loft-error.ts";

const base = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "tokenizer/merges.txt",
  "tokenizer/vocab.json",
  "unet/config.json",
  "vae/config.json",
];
const full = [
  "text_encoder/model.safetensors",
  "unet/diffusion_pytorch_model.safetensors",
  "vae/diffusion_pytorch_model.safetensors",
];
const fp16 = full.map((path) => path.replace(".safetensors", ".fp16.safetensors"));
const unused = [
  "README.md",
  "safety_checker/model.safetensors",
  "unet/diffusion_pytorch_model.bin",
  "unet/diffusion_pytorch_model.non_ema.safetensors",
  "v1-5-pruned.safetensors",
  "tokenizer/extra.json",
  "feature_extractor/preprocessor_config.json",
];
const others = full.filter((path) => !path.startsWith("unet/"));
const unet = "unet/diffusion_pytorch_model";

describe("chooseFiles", () => {
  it.each<[string, readonly string[], "fp16" | "full" | "preferred", string, readonly string[]]>([
    ["half precision first", [...full, ...fp16, ...unused], "preferred", "fp16", fp16],
    ["full when a network has no half precision", [...full, ...fp16.slice(1)], "preferred", "full", full],
    ["full when it is asked for", [...full, ...fp16], "full", "full", full],
    [
      "one file rather than several",
      [...full, `${unet}.safetensors.index.json`, `${unet}-00001-of-00002.safetensors`],
      "full",
      "full",
      full,
    ],
    [
      "several files with their index",
      [
        ...others,
        `${unet}.safetensors.index.json`,
        `${unet}-00001-of-00002.safetensors`,
        `${unet}-00002-of-00002.safetensors`,
        `${unet}.fp16-00001-of-00001.safetensors`,
      ],
      "full",
      "full",
      [
        ...others,
        `${unet}.safetensors.index.json`,
        `${unet}-00001-of-00002.safetensors`,
        `${unet}-00002-of-00002.safetensors`,
      ],
    ],
    ...[
      [`${unet}.safetensors.index.fp16.json`, `${unet}.fp16-00001-of-00001.safetensors`],
      [`${unet}.safetensors.fp16.index.json`, `${unet}-00001-of-00001.fp16.safetensors`],
    ].map((parts): [string, readonly string[], "fp16", string, readonly string[]] => {
      const there = [...fp16.filter((path) => !path.startsWith("unet/")), ...parts];
      return [
        `several half-precision files: ${parts[0]}`,
        [...there, ...full, `${unet}-00001-of-00009.safetensors`],
        "fp16",
        "fp16",
        there,
      ];
    }),
  ])("takes %s", (_, there, wanted, variant, weights) => {
    const choice = chooseFiles(listing([...base, ...there]), wanted);
    expect(choice.variant).toBe(variant);
    expect(choice.files.map(({ path }) => path)).toEqual([...base, ...weights].sort());
  });

  it.each(["model_index.json", "scheduler/scheduler_config.json", "unet/config.json"])("misses %s", async (path) => {
    const there = listing([...base, ...full].filter((name) => name !== path));
    const error = await loftErrorOf(() => chooseFiles(there, "preferred"), "model-config-unsupported");
    expect(error.what).toContain(path);
  });

  it("says where a CLIP belongs", async () => {
    const clip = listing(["config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"]);
    const error = await loftErrorOf(() => chooseFiles(clip, "preferred"), "model-config-unsupported");
    expect(error.fix).toContain("evaluation.classifier");
  });

  it.each<[string, readonly string[], "fp16" | "full" | "preferred", RegExp]>([
    ["no weights", [], "preferred", /no weights at all/],
    ["pickles", ["unet/diffusion_pytorch_model.bin"], "preferred", /pickles/],
    ["no half precision", full, "fp16", /--variant full/],
    ["no full weights", fp16, "full", /--variant fp16/],
    ["an index without its files", [...others, `${unet}.safetensors.index.json`], "full", /--variant fp16/],
  ])("refuses %s", async (_, there, wanted, text) => {
    const error = await loftErrorOf(
      () => chooseFiles(listing([...base, ...there]), wanted),
      "model-weights-unsupported",
    );
    expect(error.message).toMatch(text);
  });
});

function listing(paths: readonly string[]) {
  const files = paths.map((path) => ({ path, bytes: 1, gitHash: "0".repeat(40) }));
  return { repository: "owner/model", revision: "0".repeat(40), license: undefined, files };
}
