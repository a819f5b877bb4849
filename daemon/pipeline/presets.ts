/** The presets: every value that depends on the model, each with its source. */
import type { Preset, PresetName, PresetTable, Sourced } from "../config/preset.ts";

const officialTraining = "LoFT code, sd-finetune/run.sh";
const officialDefaults = "LoFT code, defaults of sd-finetune/main.py";
const officialSampling = "LoFT code, generation/run.sh and main.py";
const officialFusion = "LoFT code, get_inputs_loft: p and 1 - p at p = 0.5";
const tuned = "tuned on loft-mini (test/bench/adapter-fidelity.mjs)";
const asPaper = "as the preset paper";

/** The paper's values for Stable Diffusion 2.1-base (arXiv 2505.11703, github.com/ExplainableML/LoFT). */
const paper: PresetTable = {
  adapter: {
    rank: from(2, officialTraining),
    alpha: from(2, "LoFT code, sd-finetune/main.py: LoraConfig, alpha = rank"),
    targetModules: from(["to_q", "to_k", "to_v", "to_out.0"], "LoFT code, sd-finetune/main.py: LoraConfig"),
  },
  training: {
    steps: from(600, "LoFT code, sd-finetune/run.sh: 600 epochs of one photo at batch 1"),
    learningRate: from(1e-3, officialTraining),
    warmupSteps: from(10, officialTraining),
    schedule: from("cosine", officialDefaults),
    weightDecay: from(1e-2, officialDefaults),
    beta1: from(0.9, officialDefaults),
    beta2: from(0.999, officialDefaults),
    epsilon: from(1e-8, officialDefaults),
    maxGradNorm: from(1, officialDefaults),
    resolution: from(512, "LoFT code, README.md: Stable Diffusion 2.1-base at 512 px"),
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
  },
};

/**
 * For the bundled 64 px model on two processor cores. `node test/bench/adapter-fidelity.mjs --images-per-photo 3` on the
 * quick start: the photo nearest to a sample of a single adapter is its own for 94 % of samples, mean PSNR 15.7 dB of the
 * 18.3 dB that the autoencoder leaves. Differences in the sources are of this PSNR; those of adapter and training were
 * measured on cat and car alone, those of rank and alpha with maxGradNorm 0.01, of the learning rate with 1.
 */
const loftMini: PresetTable = {
  adapter: {
    rank: from(8, `${tuned}; rank 4 is 0.6 dB worse`),
    alpha: from(16, `${tuned}; alpha 8 is 0.3 dB worse`),
    targetModules: from(["to_q", "to_k", "to_v", "to_out.0"], asPaper),
  },
  training: {
    steps: from(300, `${tuned}; 200 steps are about 1 dB worse`),
    learningRate: from(3e-3, `${tuned}; 2e-3 and 6e-3 are no better, 1e-2 fails`),
    warmupSteps: from(10, asPaper),
    schedule: from("cosine", asPaper),
    weightDecay: from(1e-2, asPaper),
    beta1: from(0.9, asPaper),
    beta2: from(0.999, asPaper),
    epsilon: from(1e-8, asPaper),
    // Below the norm of nearly every gradient: each step counts the same. With 1 the timesteps of little noise, whose
    // gradients are the longest, outweigh those that decide on shape and color.
    maxGradNorm: from(0.01, `${tuned}; 1 is 1.7 dB worse`),
    resolution: from(64, "the model's own"),
    batchSize: from(8, "tuned on loft-mini; speed and memory only"),
  },
  fusion: {
    adaptersPerImage: from(2, asPaper),
    weights: from({ kind: "fixed" }, asPaper),
  },
  sampling: {
    imagesPerClass: from(100, "minutes with loft-mini on two cores"),
    steps: from(20, `${tuned}; 10 steps are 0.2 dB worse, 30 the same`),
    guidanceScale: from(2, `as the preset paper; ${tuned}; 1 is 0.3 dB worse, 3 the same`),
    scheduler: from("ddim", "the model's own; dpm-solver++ gives the same PSNR within 0.05 dB"),
    batchSize: from(8, "tuned on loft-mini; speed and memory only"),
  },
};

/** All presets by name. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  paper: { name: "paper", title: "The paper's values, for Stable Diffusion", table: paper },
  "loft-mini": { name: "loft-mini", title: "Tuned on the bundled 64 px model", table: loftMini },
};

/** The preset that a configuration asks for; `auto` takes loft-mini for a model or folder of that name, else paper. */
export function choosePreset(preset: PresetName | "auto" | undefined, model: string | undefined): Preset {
  if (preset !== undefined && preset !== "auto") return presets[preset];
  const name = (model ?? "loft-mini")
    .trim()
    .split(/[\\/]+/)
    .findLast((part) => part !== "");
  return name === "loft-mini" ? presets["loft-mini"] : presets.paper;
}

function from<const Value>(value: Value, source: string): Sourced<Value> {
  return { value, source };
}
