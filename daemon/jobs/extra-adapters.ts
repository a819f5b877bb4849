/** Adapters of other origin that take part in every image of a run: read, checked against the model, kept with the run. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { readAdapter, writeAdapter } from "../adapters/adapter-file.ts";
import { type Adapter, type AdapterModule, type AdapterNetwork, adapterNetworks } from "../adapters/adapter-weights.ts";
import { layerNames, moduleNamed, type TargetModule } from "../adapters/targets.ts";
import { loftError } from "../base/errors.ts";
import { isThere } from "../checkpoint/path-kind.ts";
import type { JobModel } from "./job.ts";
import { extraFile, inRun, isWholeSafetensors } from "./run-folder.ts";

export type ExtraAdapter = {
  /** Of its content: the same in whatever layout it is stored. */
  readonly sha256: string;
  readonly weight: number;
  readonly adapter: Adapter;
};

/**
 * Read the adapters that a configuration adds to every image.
 * @throws LoftError "config-invalid" when there is no such file, "adapter-invalid" when it is none for this model;
 *   else as `readAdapter`
 */
export async function readExtraAdapters(
  given: readonly { readonly file: string; readonly weight: number }[],
  { baseFolder, model }: { readonly baseFolder: string; readonly model: Pick<JobModel, "name" | "diffusion"> },
): Promise<readonly ExtraAdapter[]> {
  const read: ExtraAdapter[] = [];
  for (const [index, { file, weight }] of given.entries()) {
    const path = resolve(baseFolder, file);
    if (!(await isThere(path))) throw missing(file, index);
    const { unet, textEncoder } = model.diffusion;
    const names = { unet: layerNames(unet.file.tensors), textEncoder: layerNames(textEncoder.file.tensors) };
    const adapter = await readAdapter(path, names);
    for (const network of adapterNetworks) checkModules(file, model, network, adapter);
    read.push({ sha256: adapterHash(adapter), weight, adapter });
  }
  return read;
}

/** Keep copies of the adapters in the run folder, so that its images can be made again without the originals. */
export async function keepExtraAdapters(root: string, extra: readonly ExtraAdapter[]): Promise<void> {
  for (const { sha256, adapter } of extra) {
    const file = inRun(root, extraFile(sha256));
    if (!(await isWholeSafetensors(file))) await writeAdapter(file, adapter);
  }
}

/**
 * Read such a copy.
 * @throws LoftError "adapter-invalid" when it is not what was kept; else as `readAdapter`
 */
export async function readKeptExtra(root: string, sha256: string): Promise<Adapter> {
  const file = extraFile(sha256);
  const adapter = await readAdapter(inRun(root, file));
  if (adapterHash(adapter) === sha256) return adapter;
  throw loftError("adapter-invalid", {
    what: `${file} is not the adapter that the image was made with: its content has changed.`,
    fix: "Delete that file and run `loft generate` again with the same configuration: it is copied again.",
  });
}

/** SHA-256 over names, ranks, alphas and float32 values of all pairs, by network and in the order of the names. */
function adapterHash(adapter: Adapter): string {
  const hash = createHash("sha256");
  for (const network of adapterNetworks) {
    for (const { name, rank, alpha, a, b } of adapter[network].modules) {
      hash
        .update(JSON.stringify([network, name, rank, alpha]))
        .update(bytesOf(a))
        .update(bytesOf(b));
    }
  }
  return hash.digest("hex");
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function checkModules(
  file: string,
  { name, diffusion }: Pick<JobModel, "name" | "diffusion">,
  network: AdapterNetwork,
  adapter: Adapter,
): void {
  for (const module of adapter[network].modules) {
    const reason = misfit(module, moduleNamed(diffusion[network].file.tensors, module.name));
    if (reason === undefined) continue;
    throw loftError("adapter-invalid", {
      what: `The extra adapter ${file} does not fit the model ${name}: ${module.name} ${reason}.`,
      fix: "Use an adapter that was trained on this base model, or remove it from fusion.extra.",
    });
  }
}

function misfit(module: AdapterModule, own: TargetModule | undefined): string | undefined {
  if (own === undefined) return "is neither a linear layer nor a 1x1 convolution there, and others are not adapted";
  if (module.inFeatures === own.inFeatures && module.outFeatures === own.outFeatures) return undefined;
  return `is [${module.outFeatures}, ${module.inFeatures}], the model's [${own.outFeatures}, ${own.inFeatures}]`;
}

function missing(file: string, index: number) {
  return loftError("config-invalid", {
    what: `fusion.extra[${index}].file names ${file}, and there is no such file.`,
    fix: "Give the path of an adapter's file or folder, relative to the configuration.",
  });
}
