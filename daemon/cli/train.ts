/** `loft train`: the first half of a run, the adapters. */
import type { RunCommand } from "./run-command.ts";

export const trainCommand: RunCommand = {
  name: "train",
  summary: "train the adapters only",
  description:
    "Train one adapter per photo and make no images yet; `loft sample` or `loft generate` goes on from there.",
  part: "adapters",
  examples: [
    ["loft train photos.loft.json", "train every adapter that is not trained yet"],
    ["loft train photos.loft.json --only-class cat", "those of one class"],
    ["loft train photos.loft.json --keep-going", "carry on with the others when one fails"],
  ],
};
