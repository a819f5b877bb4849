/** `loft generate`: the whole run, from photos to a training set. */
import type { RunCommand } from "./run-command.ts";

export const generateCommand: RunCommand = {
  name: "generate",
  summary: "train the adapters and make the images",
  description:
    "Train one adapter per photo and make the synthetic training set. Stop it at any moment and run it again: it goes on where it was.",
  part: "everything",
  examples: [
    ["loft generate photos.loft.json", "make the training set that the file describes"],
    ["loft generate photos.loft.json --only-class cat dog", "make it for two classes"],
    ["loft generate photos.loft.json --output runs/second --device cuda", "somewhere else, on an NVIDIA card"],
    ["loft generate photos.loft.json --json > events.jsonl", "one event a line, for another program"],
  ],
};
