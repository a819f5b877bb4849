/** The values that depend on the classifier of an evaluation, each with its source. */
import type { ClassifierPreset } from "../../config/preset.ts";
import { scratchClassifier } from "../../config/scratch-classifier.ts";
import { from } from "./table.ts";

const paper: ClassifierPreset = {
  learningRate: from(1e-4, "LoFT classification/run.sh, for CLIP ViT-B/16"),
};

/** By name; a folder of the same name counts as the bundled model. */
const classifiers: Readonly<Record<string, ClassifierPreset>> = {
  [scratchClassifier]: {
    learningRate: from(0.05, "half of what He et al. 2016 begin SGD with, for batches smaller than theirs"),
  },
  "loft-mini-clip": {
    learningRate: from(1e-3, "found on the quick start; the paper's 1e-4 is too small for so small a network"),
  },
};

/** The values for the classifier of this name or folder; the paper's where nothing else is known. */
export function classifierPreset(name: string): ClassifierPreset {
  const last = name
    .trim()
    .split(/[\\/]+/)
    .findLast((part) => part !== "");
  return last !== undefined && Object.hasOwn(classifiers, last) ? classifiers[last]! : paper;
}
