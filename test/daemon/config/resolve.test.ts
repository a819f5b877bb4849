/** Resolved configurations: golden values of both presets, and who decided what. */
import { describe, expect, test } from "vitest";
import { printResolvedConfig } from "../../../daemon/config/print-config.ts";
import { resolveConfig } from "../../../daemon/config/resolve.ts";
import { choosePreset, presets } from "../../../daemon/pipeline/presets.ts";
import type { LoftConfig } from "../../../schemas/generated/loft-config.ts";

const data = { folder: "photos" };
const resolve = (config: LoftConfig, fileName = "dir/my-photos.loft.json") =>
  resolveConfig(config, choosePreset(config.preset, config.model, config.method), fileName);

const same = {
  method: "loft",
  seed: 0,
  data: { folder: "photos", shots: null, classNames: {} },
  prompt: { template: "a {domain}photo of a {class}", domain: "", negative: "", captions: null },
  fusion: { adaptersPerImage: 2, weights: { kind: "fixed", values: [0.5, 0.5] }, extra: [] },
  device: { provider: "auto", threads: null, dedicated: false },
};
const optimizer = { schedule: "cosine", weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 };
const onePhoto = { epochs: null, examplesPerStep: 1, crop: "center" };
const targetModules = ["to_q", "to_k", "to_v", "to_out.0"];

/** What `loft evaluate` compares unless the file says otherwise. */
const evaluation = {
  test: null,
  validation: null,
  classifier: "loft-mini-clip",
  rows: ["zero-shot", "real", "synthetic", "real+synthetic"],
  methods: ["loft"],
  templates: ["a {domain}photo of a {class}"],
  shots: null,
  imagesPerClass: null,
  ...{ seeds: 3, steps: 200, batchSize: 32, syntheticShare: 0.5, realLossShare: 0.8, learningRate: 1e-3 },
  ...{ minLabelProbability: null, maxPhotoCosine: null, maxImageCosine: null },
};

describe("golden values", () => {
  test("paper", () => {
    expect(resolve({ model: "sd21", data }).config).toEqual({
      ...same,
      name: "my-photos",
      model: "sd21",
      preset: "paper",
      adapter: { rank: 2, alpha: 2, targetModules, textEncoder: false },
      training: {
        ...onePhoto,
        steps: 600,
        learningRate: 1e-3,
        warmupSteps: 10,
        ...optimizer,
        resolution: 512,
        batchSize: 1,
        earlyStop: null,
      },
      sampling: {
        imagesPerClass: 500,
        steps: 50,
        guidanceScale: 2,
        scheduler: "model",
        batchSize: 1,
        guidanceInterval: null,
      },
      output: { folder: "runs/my-photos", stripMetadata: false },
      evaluation,
    });
  });

  test("loft-mini", () => {
    expect(resolve({ data }).config).toEqual({
      ...same,
      name: "my-photos",
      model: "loft-mini",
      preset: "loft-mini",
      adapter: { rank: 8, alpha: 16, targetModules, textEncoder: false },
      training: {
        ...onePhoto,
        ...{ steps: 300, learningRate: 3e-3, warmupSteps: 10, ...optimizer, maxGradNorm: 0.01 },
        ...{ resolution: 64, batchSize: 8, earlyStop: null },
      },
      sampling: {
        imagesPerClass: 100,
        steps: 20,
        guidanceScale: 2,
        scheduler: "ddim",
        batchSize: 8,
        guidanceInterval: null,
      },
      output: { folder: "runs/my-photos", stripMetadata: false },
      evaluation,
    });
  });
});

describe("the learning rate of classifiers", () => {
  test.each([
    ["loft-mini-clip", 1e-3],
    ["../models/loft-mini-clip/", 1e-3],
    ["../models/clip-vit-base-patch16", 1e-4],
  ])("for %s is %s", (classifier, learningRate) => {
    const { config, origins } = resolve({ data, evaluation: { classifier } });
    expect(config.evaluation.learningRate).toBe(learningRate);
    expect(origins["evaluation.learningRate"]!.source).toContain(learningRate === 1e-3 ? "quick start" : "run.sh");
  });

  test("is each one's own where there are several", () => {
    const { config, origins } = resolve({ data, evaluation: { classifier: ["loft-mini-clip", "resnet"] } });
    expect(config.evaluation.learningRate).toEqual([1e-3, 0.05]);
    expect(origins["evaluation.learningRate"]!.source).toMatch(/quick start.*; .*He et al/);
    expect(resolve({ data, evaluation: { classifier: ["resnet"] } }).config.evaluation).toMatchObject({
      classifier: "resnet",
      learningRate: 0.05,
    });
  });

  test("is the user's where given", () => {
    const { config, origins } = resolve({ data, evaluation: { learningRate: 5e-4 } });
    expect(config.evaluation.learningRate).toBe(5e-4);
    expect(origins["evaluation.learningRate"]!.from).toBe("user");
  });
});

describe("the user's values win", () => {
  test("a network from nothing learns faster than CLIP, unless the user says how fast", () => {
    const rate = (given: object) => resolve({ data, evaluation: { classifier: "resnet", ...given } }).config.evaluation;
    expect(rate({}).learningRate).toBe(0.05);
    expect(rate({ learningRate: 0.2 }).learningRate).toBe(0.2);
  });

  test("field by field", () => {
    const { config } = resolve({
      name: " Réal: photos ",
      data: { ...data, shots: 16 },
      adapter: { rank: 6, targetModules: ["to_v", "to_q"] },
      training: { resolution: null },
      sampling: { imagesPerClass: 7 },
    });
    expect(config.name).toBe("Réal: photos");
    expect(config.output.folder).toBe("runs/Réal_ photos");
    expect(config.data).toEqual({ folder: "photos", shots: 16, classNames: {} });
    expect(config.adapter).toEqual({ rank: 6, alpha: 16, targetModules: ["to_q", "to_v"], textEncoder: false });
    expect(config.training.resolution).toBeNull();
    expect(config.sampling.imagesPerClass).toBe(7);
  });

  const weights: readonly (readonly [fusion: NonNullable<LoftConfig["fusion"]>, expected: unknown])[] = [
    [{}, { kind: "fixed", values: [0.5, 0.5] }],
    [{ adaptersPerImage: 4 }, { kind: "fixed", values: [0.25, 0.25, 0.25, 0.25] }],
    [{ weights: { kind: "fixed", values: [0.9, 0.1] } }, { kind: "fixed", values: [0.9, 0.1] }],
    [{ weights: { kind: "uniform" } }, { kind: "uniform" }],
    [{ weights: { kind: "dirichlet" } }, { kind: "dirichlet", alpha: 1 }],
    [{ weights: { kind: "dirichlet", alpha: 0.3 } }, { kind: "dirichlet", alpha: 0.3 }],
  ];
  test.each(weights)("weights %j", (fusion, expected) => {
    expect(resolve({ data, fusion }).config.fusion.weights).toEqual(expected);
  });

  test.each([
    ["my-photos.loft.json", "my-photos"],
    ["C:\\work\\my photos.loft.json", "my photos"],
    ["/a/b/plain.json", "plain"],
    [".loft.json", "run"],
  ])("the file %s names the run %s", (fileName, name) => expect(resolve({ data }, fileName).config.name).toBe(name));
});

describe("steps or epochs", () => {
  const cases: readonly (readonly [
    training: LoftConfig["training"],
    method: LoftConfig["method"],
    expected: unknown,
  ])[] = [
    [{}, "loft", [300, null]],
    [{ steps: 7 }, "loft", [7, null]],
    [{ epochs: 7 }, "loft", [null, 7]],
    [{ steps: null, epochs: 7 }, "loft", [null, 7]],
    [{ steps: null }, "loft", [300, null]],
    [{}, "datadream-class", [null, 200]],
    [{ steps: 7 }, "datadream-class", [7, null]],
    [{ epochs: null }, "datadream-class", [null, 200]],
  ];
  test.each(cases)("%j with %s", (training, method, expected) => {
    const { config, origins } = resolve({ data, method: method ?? "loft", training: training ?? {} });
    expect([config.training.steps, config.training.epochs]).toEqual(expected);
    const decided = Object.values(training ?? {}).some((value) => value !== null);
    expect(origins["training.steps"]?.from).toBe(decided ? "user" : "preset");
    expect(origins["training.epochs"]?.from).toBe(decided ? "user" : "preset");
  });

  test("the one that the other rules out says so", () => {
    const { origins } = resolve({ data, training: { epochs: 7 } });
    expect(origins["training.steps"]?.source).toBe("training.epochs in this file");
    expect(origins["training.epochs"]?.source).toBe("this file");
  });
});

test("each value says who decided it", () => {
  const { origins } = resolve({ data, preset: "auto", training: { steps: 5 }, name: "auto" });
  expect(origins["data.folder"]).toEqual({ from: "user", source: "this file" });
  expect(origins["training.steps"]).toEqual({ from: "user", source: "this file" });
  expect(origins.name?.from).toBe("user");
  expect(origins["training.learningRate"]).toEqual({
    from: "preset",
    source: presets["loft-mini"].loft.table.training.learningRate.source,
  });
  expect(origins.seed).toEqual({ from: "default", source: "default" });
  expect(origins.preset).toEqual({ from: "default", source: "picked by the model" });
  expect(Object.values(origins).every(({ source }) => source !== "")).toBe(true);
});

test("the resolved view has one line per field", () => {
  const lines = printResolvedConfig(resolve({ model: "sd21", data, seed: 3 })).split("\n");
  expect(lines.find((line) => line.startsWith("seed"))).toMatch(/^seed +3 +this file$/);
  expect(lines.find((line) => line.startsWith("adapter.rank"))).toMatch(
    / 2 +preset paper: LoFT code, sd-finetune\/run.sh$/,
  );
  expect(lines.filter((line) => line !== "")).toHaveLength(62);
});
