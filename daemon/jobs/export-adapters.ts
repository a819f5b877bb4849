/** The adapters of a run in the files of other tools, and a list of them. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { adapterFileName, writeAdapter } from "../adapters/adapter-file.ts";
import type { AdapterDtype } from "../adapters/adapter-tensors.ts";
import type { Adapter, AdapterNetwork } from "../adapters/adapter-weights.ts";
import { writeKohyaAdapter } from "../adapters/kohya-file.ts";
import { diffusersPrefixes } from "../adapters/module-names.ts";
import { writePeftAdapter } from "../adapters/peft-file.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftError, unreachable } from "../base/errors.ts";
import { readError } from "../base/file-errors.ts";
import { readSafetensorsHeader } from "../checkpoint/safetensors.ts";
import { compareCodePoints } from "../data/code-point-order.ts";
import { adapterFile, inRun, isAdapterDone, runPaths } from "./run-folder.ts";
import { readTrainedAdapter } from "./trained-adapter.ts";

/** The layouts that adapters are exported in. */
export type AdapterFormat = "kohya" | "peft" | "diffusers";

export type AdapterExport = {
  readonly format: AdapterFormat;
  readonly dtype: AdapterDtype;
  readonly signal: AbortSignal;
};

/** The list of the adapters, one JSON object a line. */
const listName = "adapters.jsonl";

/** Where an adapter lies in the run folder. */
export type AdapterPlace = { readonly classFolder: string; readonly id: string };

/**
 * The adapters of a run that are trained, in the order of their folders.
 * @throws LoftError "run-damaged" when there are none, "file-unreadable"
 */
export async function finishedAdapters(root: string): Promise<readonly AdapterPlace[]> {
  const places: AdapterPlace[] = [];
  for (const classFolder of await subfolders(inRun(root, runPaths.adapters))) {
    for (const id of await subfolders(inRun(root, `${runPaths.adapters}/${classFolder}`))) {
      if (await isAdapterDone(root, classFolder, id)) places.push({ classFolder, id });
    }
  }
  if (0 < places.length) return places;
  throw loftError("run-damaged", {
    what: `${root} holds no finished adapter.`,
    fix: "Give the folder of a run that `loft train` or `loft generate` made.",
  });
}

/**
 * Write adapters of a run into `folder`, as `CLASS-ID.safetensors` or a folder of that name, and a list of them.
 * @throws LoftError "adapter-invalid" when one is not what was trained; "disk-full", "output-unwritable"; the signal's
 *   reason
 */
export async function exportAdapters(
  root: string,
  places: readonly AdapterPlace[],
  folder: string,
  options: AdapterExport,
): Promise<void> {
  const lines: string[] = [];
  for (const place of places) {
    options.signal.throwIfAborted();
    lines.push(`${JSON.stringify(await exportAdapter(root, place, folder, options))}\n`);
  }
  await writeFileAtomic(join(folder, listName), lines.join(""));
}

async function subfolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw readError(error, folder);
  });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return folders.sort(compareCodePoints);
}

/** Write one adapter; what is said of it in the list comes back. */
async function exportAdapter(root: string, place: AdapterPlace, folder: string, options: AdapterExport) {
  const { classFolder, id } = place;
  const { metadata } = await readSafetensorsHeader(inRun(root, adapterFile(classFolder, id)));
  const adapter = await readTrainedAdapter(root, place);
  const name = `${classFolder}-${id.slice(0, 12)}`;
  const file = await writeAs(join(folder, name), adapter, { ...options, name, metadata });
  return {
    file: `${name}${file}`,
    class: metadata.loft_class,
    photo: metadata.loft_photo,
    photo_sha256: metadata.loft_photo_sha256,
    prompt: metadata.loft_prompt,
    ...severalPhotos(metadata.loft_photos),
    base_model: metadata.loft_model,
    model_hash: metadata.loft_model_hash,
    id,
  };
}

/** What an adapter of several photos lists, if it can be read. */
function severalPhotos(list: string | undefined): { readonly photos?: unknown } {
  if (list === undefined) return {};
  try {
    return { photos: JSON.parse(list) as unknown };
  } catch {
    return {};
  }
}

type WriteOptions = AdapterExport & {
  readonly name: string;
  /** Of the run's own file. */
  readonly metadata: Readonly<Record<string, string>>;
};

/** Write in one layout; what its path has behind `path` comes back. */
async function writeAs(path: string, adapter: Adapter, options: WriteOptions): Promise<string> {
  const { format, dtype, name } = options;
  const own = options.metadata;
  // The hash of the weights is of the exact values, which half precision changes.
  const isKept = (key: string) => key.startsWith("loft_") && key !== "loft_weights_sha256";
  const metadata = Object.fromEntries(Object.entries(own).filter(([key]) => isKept(key)));
  const targets = targetsOf(own);
  switch (format) {
    case "kohya":
      await writeKohyaAdapter(`${path}.safetensors`, adapter, {
        ...{ name, dtype, metadata },
        ...(own.loft_model === undefined ? {} : { baseModel: own.loft_model }),
      });
      return ".safetensors";
    case "peft":
      await writePeftAdapter(path, adapter, { baseModel: own.loft_model ?? "unknown", targets, dtype, metadata });
      return "";
    case "diffusers":
      await writeAdapter(join(path, adapterFileName), adapter, { targets, dtype, metadata });
      return `/${adapterFileName}`;
    default:
      return unreachable(format);
  }
}

/** The target names that the run's own file keeps. */
function targetsOf(metadata: Readonly<Record<string, string>>): Partial<Record<AdapterNetwork, readonly string[]>> {
  const config = JSON.parse(metadata.lora_adapter_metadata ?? "{}") as Record<string, readonly string[] | undefined>;
  const [unet, textEncoder] = [diffusersPrefixes.unet, diffusersPrefixes.textEncoder].map(
    (prefix) => config[`${prefix}target_modules`],
  );
  return { ...(unet === undefined ? {} : { unet }), ...(textEncoder === undefined ? {} : { textEncoder }) };
}
