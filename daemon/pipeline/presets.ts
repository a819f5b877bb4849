/** The presets: every value that depends on the model, each with its source. */
import type { Preset, PresetName, PresetTable, Sourced } from "../config/preset.ts";

const officialTraining = "LoFT code, sd-finetune/run.sh";
const officialDefaults = "LoFT code, defaults of sd-finetune/main.py";
const officialSampling = "LoFT code, generation/run.sh and main.py";
const officialFusion = "LoFT code, get_inputs_loft: p and 1 - p at p = 0.5";
const tuned = "tuned on loft-mini";
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

/** For the bundled 64 px model on two processor cores. */
const loftMini: PresetTable = {
  adapter: {
    rank: from(4, tuned),
    alpha: from(4, "scale 1, as the preset paper"),
    targetModules: from(["to_q", "to_k", "to_v", "to_out.0"], asPaper),
  },
  training: {
    steps: from(300, tuned),
    learningRate: from(3e-3, tuned),
    warmupSteps: from(10, asPaper),
    schedule: from("cosine", asPaper),
    weightDecay: from(1e-2, asPaper),
    beta1: from(0.9, asPaper),
    beta2: from(0.999, asPaper),
    epsilon: from(1e-8, asPaper),
    maxGradNorm: from(1, asPaper),
    resolution: from(64, "the model's own"),
    batchSize: from(8, "tuned on loft-mini; speed and memory only"),
  },
  fusion: {
    adaptersPerImage: from(2, asPaper),
    weights: from({ kind: "fixed" }, asPaper),
  },
  sampling: {
    imagesPerClass: from(100, "tuned on loft-mini: minutes on two cores"),
    steps: from(20, "loft-mini's card: 20 to 30 steps"),
    guidanceScale: from(2, "loft-mini's card: 2 to 4; as the preset paper"),
    scheduler: from("ddim", "loft-mini's card: DDIM or DPM-Solver++"),
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
