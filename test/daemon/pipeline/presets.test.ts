/** Presets: which one is picked, the published values of every method held literally, and that each has a source. */
import { describe, expect, test } from "vitest";
import { type MethodName, presetValues } from "../../../daemon/config/preset.ts";
import { resolveConfig } from "../../../daemon/config/resolve.ts";
import { choosePreset, presets } from "../../../daemon/pipeline/presets.ts";

test.each([
  ["auto", "loft-mini", "loft-mini"],
  ["auto", "../models/loft-mini/", "loft-mini"],
  ["auto", "C:\\models\\loft-mini", "loft-mini"],
  ["auto", "stable-diffusion-2-1-base", "paper"],
  [undefined, undefined, "loft-mini"],
  ["paper", "loft-mini", "paper"],
  ["loft-mini", "sd21", "loft-mini"],
] as const)("preset %s for model %s: %s", (preset, model, name) => expect(choosePreset(preset, model).name).toBe(name));

const all = Object.values(presets).flatMap((byMethod) => Object.values(byMethod));

test.each(all)("each value of $name for $method has a source", ({ table, method }) => {
  const sources = Object.values(table).flatMap((group) => Object.values(group).map(({ source }) => source as string));
  expect(sources).toHaveLength(27);
  const known = /LoFT|DataDream|paper|loft|model|without effect/;
  for (const source of sources) expect(source).toMatch(known);
  expect(choosePreset("paper", "sd21", method).method).toBe(method);
});

/** What the public code and the papers say, read line by line. */
describe("the preset paper, resolved", () => {
  const optimizer = {
    schedule: "cosine",
    weightDecay: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    maxGradNorm: 1,
    earlyStop: null,
  };
  const targetModules = ["to_q", "to_k", "to_v", "to_out.0"];
  const sampling = { imagesPerClass: 500, steps: 50, guidanceScale: 2, scheduler: "model", guidanceInterval: null };
  const loft = {
    adapter: { rank: 2, alpha: 2, targetModules, textEncoder: false },
    training: {
      ...{ steps: 600, epochs: null, examplesPerStep: 1, crop: "center", learningRate: 1e-3, warmupSteps: 10 },
      ...{ ...optimizer, resolution: 512, batchSize: 1 },
    },
    fusion: { adaptersPerImage: 2, weights: { kind: "fixed", values: [0.5, 0.5] }, extra: [] },
    sampling: { ...sampling, batchSize: 1 },
  };
  const dataDream = {
    adapter: { rank: 16, alpha: 16, targetModules, textEncoder: true },
    training: {
      ...{ steps: null, epochs: 200, examplesPerStep: 8, crop: "random", learningRate: 1e-4, warmupSteps: 100 },
      ...{ ...optimizer, resolution: 512, batchSize: 1 },
    },
    fusion: { adaptersPerImage: 1, weights: { kind: "fixed", values: [1] }, extra: [] },
    sampling: { ...sampling, batchSize: 5 },
  };
  const golden: Readonly<Record<MethodName, object>> = {
    loft,
    "datadream-class": dataDream,
    "datadream-dataset": dataDream,
    "class-prompt": { sampling: { ...sampling, batchSize: 5 } },
    "caption-prompt": { sampling: { ...sampling, batchSize: 5 } },
  };
  test.each(Object.entries(golden))("%s", (method, expected) => {
    const user = { data: { folder: "photos" }, model: "sd21", method: method as MethodName };
    const { config } = resolveConfig(user, choosePreset("auto", user.model, user.method), "a.loft.json");
    const { adapter, training, fusion } = config;
    const trained = method.endsWith("-prompt") ? {} : { adapter, training, fusion };
    expect({ ...trained, sampling: config.sampling }).toEqual(expected);
    expect(config.training.resolution).toBe(512);
    expect(config.prompt).toEqual({
      template: "a {domain}photo of a {class}",
      domain: "",
      negative: "",
      captions: null,
    });
  });
});

test("of steps and epochs one is null in every preset", () => {
  const numbers = all.map((preset) => {
    const { steps, epochs } = presetValues(preset).training;
    return [steps, epochs].filter((value) => value !== null).length;
  });
  expect(numbers).toEqual(all.map(() => 1));
});
