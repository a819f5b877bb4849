/** What people have in place of a model folder, and what to do with it: checkpoints in one file, the Hub's cache, one network. */
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type LoftError, loftError } from "../base/errors.ts";
import { isThere } from "../checkpoint/path-kind.ts";

/** What to tell about a path that is no model folder; undefined where nothing is known of it. */
export async function insteadOfModel(path: string): Promise<LoftError | undefined> {
  const index = "model_index.json";
  if (!(await isThere(path)) || (await isThere(join(path, index)))) return undefined;
  if (/\.(safetensors|ckpt|pt|bin)$/i.test(path)) return singleFile(path);
  const snapshots = await readdir(join(path, "snapshots")).catch(() => []);
  for (const name of snapshots.sort()) {
    const snapshot = join(path, "snapshots", name);
    if (await isThere(join(snapshot, index)))
      return otherFolder(path, "is a folder of the Hugging Face cache", snapshot);
  }
  const above = dirname(path);
  if (await isThere(join(above, index))) return otherFolder(path, "is one part of a model", above);
  return undefined;
}

function singleFile(path: string) {
  return loftError("model-missing", {
    what: `${path} is a model in one file; LoFT reads a folder in diffusers layout.`,
    fix: 'Convert it with diffusers: StableDiffusionPipeline.from_single_file("FILE").save_pretrained("FOLDER"), then give that folder.',
  });
}

function otherFolder(path: string, is: string, meant: string) {
  return loftError("model-missing", { what: `${path} ${is}, not a model folder.`, fix: `Give ${meant} instead.` });
}
