/** The adapter files of a run: each says which task, photo and model it belongs to, and what its weights must be. */
import { createHash } from "node:crypto";
import { readAdapter, writeAdapter } from "../adapters/adapter-file.ts";
import { type Adapter, adapterNetworks } from "../adapters/adapter-weights.ts";
import { diffusersPrefixes } from "../adapters/module-names.ts";
import { loftError } from "../base/errors.ts";
import { readSafetensorsHeader } from "../checkpoint/safetensors.ts";
import type { AdapterTask } from "../pipeline/plan.ts";
import { textTargetModules } from "./adapter-layouts.ts";
import type { JobModel } from "./job.ts";
import { adapterFile, inRun } from "./run-folder.ts";

/** Write the adapter of a task as it is after `steps` steps, whole or not at all. Throws as `writeAdapter`. */
export async function writeTrainedAdapter(
  root: string,
  task: AdapterTask,
  model: Pick<JobModel, "name" | "hash">,
  { adapter, steps }: { readonly adapter: Adapter; readonly steps: number },
): Promise<void> {
  await writeAdapter(inRun(root, adapterFile(task.classFolder, task.id)), adapter, {
    targets: {
      unet: task.parameters.targetModules,
      ...(task.parameters.textEncoder ? { textEncoder: textTargetModules } : {}),
    },
    metadata: {
      loft_task: task.id,
      loft_class: task.className,
      ...exampleMetadata(task),
      loft_model: model.name,
      loft_model_hash: model.hash,
      loft_weights_sha256: weightsHash(adapter),
      ...(steps < task.parameters.steps ? { loft_stopped_early: `${steps} of ${task.parameters.steps} steps` } : {}),
    },
  });
}

/** One photo and its prompt by name, several as a list. */
function exampleMetadata({ examples }: AdapterTask): Record<string, string> {
  const [first] = examples;
  if (examples.length === 1 && first !== undefined) {
    const { prompt, photo } = first;
    return { loft_prompt: prompt, loft_photo: photo.path, loft_photo_sha256: photo.sha256 };
  }
  const photos = examples.map(({ photo, prompt }) => ({ photo: photo.path, sha256: photo.sha256, prompt }));
  return { loft_photos: JSON.stringify(photos) };
}

/**
 * Read the adapter of a task.
 * @throws LoftError "adapter-invalid" when it is another one's, or not what was written; else as `readAdapter`
 */
export async function readTrainedAdapter(
  root: string,
  { id, classFolder }: Pick<AdapterTask, "id" | "classFolder">,
): Promise<Adapter> {
  const file = adapterFile(classFolder, id);
  const path = inRun(root, file);
  const { metadata } = await readSafetensorsHeader(path);
  if (metadata.loft_task !== id) throw damaged(file, "it belongs to another task");
  const adapter = await readAdapter(path);
  if (metadata.loft_weights_sha256 !== weightsHash(adapter)) throw damaged(file, "its weights have changed");
  return adapter;
}

/** SHA-256 over the float32 values of all pairs, by network and in the order of the modules' names. */
function weightsHash(adapter: Adapter): string {
  const hash = createHash("sha256");
  for (const network of adapterNetworks) {
    const prefix = network === "unet" ? "" : diffusersPrefixes[network];
    for (const { name, a, b } of adapter[network].modules) {
      hash.update(`${prefix}${name}\0`).update(bytesOf(a)).update(bytesOf(b));
    }
  }
  return hash.digest("hex");
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function damaged(file: string, reason: string) {
  return loftError("adapter-invalid", {
    what: `${file} is not the adapter that was trained: ${reason}.`,
    fix: "Delete that file and run `loft generate` again: this one adapter is trained again, with the same result.",
  });
}
