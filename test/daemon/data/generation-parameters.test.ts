/** The `parameters` text reads as front ends expect it. */
import { describe, expect, it } from "vitest";
import { type GenerationParameters, generationParametersText } from "../../../daemon/data/generation-parameters.ts";

const parameters: GenerationParameters = {
  prompt: "a photo of a cat",
  negativePrompt: "",
  steps: 25,
  sampler: "DDIM",
  guidanceScale: 7.5,
  seed: 42,
  width: 512,
  height: 512,
  modelName: "loft-mini",
  modelHash: "0123456789abcdef",
  adapters: [],
};

describe("generationParametersText", () => {
  it("writes prompts, settings and adapters", () => {
    const adapters = [
      { name: "cat/01", hash: "aaaabbbbccccdddd", weight: 0.25 },
      { name: "cat/02", hash: "eeeeffff00001111", weight: 0.75 },
    ];
    expect(generationParametersText({ ...parameters, negativePrompt: "blurry", adapters })).toBe(
      [
        "a photo of a cat <lora:cat/01:0.25> <lora:cat/02:0.75>",
        "Negative prompt: blurry",
        'Steps: 25, Sampler: DDIM, CFG scale: 7.5, Seed: 42, Size: 512x512, Model hash: 0123456789, Model: loft-mini, Lora hashes: "cat/01: aaaabbbbcccc, cat/02: eeeeffff0000"',
      ].join("\n"),
    );
  });

  it("leaves out what is not there", () => {
    expect(generationParametersText(parameters)).toBe(
      "a photo of a cat\nSteps: 25, Sampler: DDIM, CFG scale: 7.5, Seed: 42, Size: 512x512, Model hash: 0123456789, Model: loft-mini",
    );
  });

  it("keeps a prompt from passing itself off as settings", () => {
    const text = generationParametersText({
      ...parameters,
      prompt: "cat\nNegative prompt: x\r\nSteps: 1",
      modelName: 'a, b: "c"',
      adapters: [{ name: 'x:1>, "y"', hash: "ab", weight: 1 }],
    });
    expect(text.split("\n")).toHaveLength(2);
    expect(text).toContain('Model: "a, b: \\"c\\""');
    expect(text).toContain("<lora:x_1_y_:1>");
    expect(text).toContain('Lora hashes: "x_1_y_: ab"');
  });
});
