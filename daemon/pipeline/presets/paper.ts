/** The published values of each method for Stable Diffusion 2.1-base, with the place each was read from. */
import type { MethodName, PresetTable } from "../../config/preset.ts";
import { from, withoutAdapters } from "./table.ts";

const officialTraining = "LoFT code, sd-finetune/run.sh";
const officialDefaults = "LoFT code, defaults of sd-finetune/main.py";
const officialSampling = "LoFT code, generation/run.sh and main.py";
const officialFusion = "LoFT code, get_inputs_loft: p and 1 - p at p = 0.5";
const dataDreamTraining = "DataDream, as sd-finetune/run.sh of the LoFT code runs it";
const dataDreamSampling = "LoFT code, run_datadream";
const unpublished = "not published; as LoFT is sampled (paper, baselines)";

/** arXiv 2505.11703, github.com/ExplainableML/LoFT */
const loft: PresetTable = {
  adapter: {
    rank: from(2, officialTraining),
    alpha: from(2, "LoFT code, sd-finetune/main.py: LoraConfig, alpha = rank"),
    targetModules: from(["to_q", "to_k", "to_v", "to_out.0"], "LoFT code, sd-finetune/main.py: LoraConfig"),
    textEncoder: from(false, officialTraining),
  },
  training: {
    steps: from(600, "LoFT code, sd-finetune/run.sh: 600 epochs of one photo at batch 1"),
    epochs: from(null, "LoFT code: an epoch of one photo is a step"),
    examplesPerStep: from(1, officialTraining),
    crop: from("center", "LoFT code, DreamBoothDataset"),
    learningRate: from(1e-3, officialTraining),
    warmupSteps: from(10, officialTraining),
    schedule: from("cosine", officialDefaults),
    weightDecay: from(1e-2, officialDefaults),
    beta1: from(0.9, officialDefaults),
    beta2: from(0.999, officialDefaults),
    epsilon: from(1e-8, officialDefaults),
    maxGradNorm: from(1, officialDefaults),
    resolution: from(512, "LoFT code, README.md: Stable Diffusion 2.1-base at 512 px"),
    earlyStop: from(null, officialTraining),
    batchSize: from(1, "LoFT code: one adapter per process; speed and memory only"),
  },
  fusion: {
    adaptersPerImage: from(2, officialFusion),
    weights: from({ kind: "fixed" }, officialFusion),
  },
  sampling: {
    imagesPerClass: from(500, "paper, main table (16 shots); LoFT code, generation/run.sh: NIPC"),
    steps: from(50, officialSampling),
    guidanceScale: from(2, officialSampling),
    scheduler: from("model", "LoFT code, generation/main.py: what the model's folder declares"),
    batchSize: from(1, "LoFT code, run_loft ignores its batch size; speed and memory only"),
    guidanceInterval: from(null, officialSampling),
  },
};

/** arXiv 2407.10910, github.com/ExplainableML/DataDream; the same for one adapter per class and one in all. */
const dataDream: PresetTable = {
  adapter: {
    ...loft.adapter,
    rank: from(16, dataDreamTraining),
    alpha: from(16, "LoFT code, sd-finetune/main.py: LoraConfig, alpha = rank"),
    // The baseline in the LoFT code makes a text-encoder adapter and never optimizes it; DataDream's own code does.
    textEncoder: from(true, "DataDream code; the LoFT code makes this part and never trains it"),
  },
  training: {
    ...loft.training,
    steps: from(null, "DataDream counts epochs"),
    epochs: from(200, dataDreamTraining),
    examplesPerStep: from(8, `${dataDreamTraining}: batch 8`),
    crop: from("random", "DataDream code, DreamBoothDataset; of eight crops made once per photo"),
    learningRate: from(1e-4, dataDreamTraining),
    warmupSteps: from(100, dataDreamTraining),
    batchSize: from(1, "LoFT code: one adapter per process; speed and memory only"),
  },
  fusion: {
    adaptersPerImage: from(1, "DataDream: one adapter per image"),
    weights: from({ kind: "fixed" }, "DataDream: one adapter per image"),
  },
  sampling: {
    ...loft.sampling,
    imagesPerClass: from(500, "LoFT code, generation/run.sh: NIPC"),
    batchSize: from(5, `${dataDreamSampling}; speed and memory only`),
  },
};

/** The baselines of the paper without adapters, which its code does not have. */
const prompted: PresetTable = {
  ...withoutAdapters(loft),
  sampling: {
    imagesPerClass: from(500, "paper, main table"),
    steps: from(50, unpublished),
    guidanceScale: from(2, unpublished),
    scheduler: from("model", unpublished),
    batchSize: from(5, `${dataDreamSampling}; speed and memory only`),
    guidanceInterval: from(null, unpublished),
  },
};

/** By method. */
export const paper: Readonly<Record<MethodName, PresetTable>> = {
  loft,
  "datadream-class": dataDream,
  "datadream-dataset": dataDream,
  "class-prompt": prompted,
  "caption-prompt": prompted,
};
