/** What the dataset says of one image: its line of `metadata.jsonl`, or before that is written what the image says. */
import { readFile } from "node:fs/promises";
import { datasetPaths } from "../data/synthetic-dataset.ts";
import { parseEventLog } from "./event-log.ts";
import type { KnownRun } from "./known-run.ts";
import { inRun } from "./run-folder.ts";
import { sampleOf } from "./run-samples.ts";

/**
 * The row as JSON text.
 * @throws LoftError "sample-unknown"
 */
export async function manifestRow(run: KnownRun, file: string): Promise<string> {
  const sample = await sampleOf(run, file);
  const text = await readFile(inRun(run.root, datasetPaths.metadata), "utf8").catch(() => "");
  const name = file.slice(`${datasetPaths.train}/`.length);
  const { entries } = parseEventLog<{ readonly file_name?: unknown }>(text);
  const row = entries.find(({ file_name }) => file_name === name);
  if (row !== undefined) return JSON.stringify(row);
  const { parents, prompt, negativePrompt, className, seed } = sample;
  return JSON.stringify({
    file_name: name,
    label_name: className,
    prompt,
    negative_prompt: negativePrompt,
    seed,
    adapter_ids: parents.map(({ adapterId }) => adapterId),
    adapter_weights: parents.map(({ weight }) => weight),
    source_photos: parents.map(({ photo }) => photo),
    synthetic: true,
  });
}
