/** The values for the bundled 64 px model on two processor cores, by method. */
import type { MethodName, PresetTable } from "../../config/preset.ts";
import { from, withoutAdapters } from "./table.ts";

const tuned = "tuned on loft-mini (test/bench/adapter-fidelity.mjs)";
const asPaper = "as the preset paper";
const asLoft = "as loft with loft-mini; not tuned for this method";
const untuned = "as the preset paper; not tuned on loft-mini";

/**
 * `node test/bench/adapter-fidelity.mjs --images-per-photo 3` on the quick start: the photo nearest to a sample of a
 * single adapter is its own for 94 % of samples, mean PSNR 15.7 dB of the 18.3 dB that the autoencoder leaves.
 * Differences in the sources are of this PSNR; those of adapter and training were measured on cat and car alone, those
 * of rank and alpha with maxGradNorm 0.01, of the learning rate with 1.
 */
const loft: PresetTable = {
  adapter: {
    rank: from(8, `${tuned}; rank 4 is 0.6 dB worse`),
    alpha: from(16, `${tuned}; alpha 8 is 0.3 dB worse`),
    targetModules: from(["to_q", "to_k", "to_v", "to_out.0"], asPaper),
    textEncoder: from(false, asPaper),
  },
  training: {
    steps: from(300, `${tuned}; 200 steps are about 1 dB worse`),
    epochs: from(null, asPaper),
    examplesPerStep: from(1, asPaper),
    crop: from("center", asPaper),
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
    earlyStop: from(null, asPaper),
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
    guidanceInterval: from(null, asPaper),
  },
};

const sampling: PresetTable["sampling"] = {
  imagesPerClass: loft.sampling.imagesPerClass,
  steps: from(20, asLoft),
  guidanceScale: from(2, asLoft),
  scheduler: from("ddim", asLoft),
  batchSize: from(8, asLoft),
  guidanceInterval: from(null, asPaper),
};

const dataDream: PresetTable = {
  adapter: {
    rank: from(16, untuned),
    alpha: from(32, "the scale alpha / rank of 2 as loft with loft-mini; not tuned for this method"),
    targetModules: from(["to_q", "to_k", "to_v", "to_out.0"], asPaper),
    textEncoder: from(true, untuned),
  },
  training: {
    ...loft.training,
    steps: from(null, asPaper),
    epochs: from(200, untuned),
    examplesPerStep: from(8, untuned),
    crop: from("random", asPaper),
    learningRate: from(1e-3, "a third of loft's with loft-mini, for a gradient of eight photos; not tuned"),
    warmupSteps: from(10, asLoft),
    maxGradNorm: from(0.01, asLoft),
    batchSize: from(1, "as DataDream, eight photos in a step already; speed and memory only"),
  },
  fusion: {
    adaptersPerImage: from(1, asPaper),
    weights: from({ kind: "fixed" }, asPaper),
  },
  sampling,
};

const prompted: PresetTable = { ...withoutAdapters(loft), sampling };

/** By method. */
export const loftMini: Readonly<Record<MethodName, PresetTable>> = {
  loft,
  "datadream-class": dataDream,
  "datadream-dataset": dataDream,
  "class-prompt": prompted,
  "caption-prompt": prompted,
};
