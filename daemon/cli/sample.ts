/** `loft sample`: the second half of a run, the images. */
import type { RunCommand } from "./run-command.ts";

export const sampleCommand: RunCommand = {
  name: "sample",
  summary: "make the images only, from trained adapters",
  description: "Make the images from adapters that `loft train` or an earlier run has made.",
  part: "images",
  examples: [
    ["loft sample photos.loft.json", "make every image that is not made yet"],
    ["loft sample photos.loft.json --only-class cat", "those of one class"],
  ],
};
