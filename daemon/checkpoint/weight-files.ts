/** The weights of one network, whether they lie in one safetensors file or are cut into several; found and read as one. */
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loftError } from "../base/errors.ts";
import { isRecord } from "./json-text.ts";
import { isFile } from "./path-kind.ts";
import { readSafetensorsHeader } from "./safetensors.ts";
import type { TensorEntry } from "./safetensors-header.ts";

/** Which file of a folder the weights begin with. */
export type WeightChoice = {
  readonly name: string;
  /** Whether that file only says which tensor lies in which other file. */
  readonly isIndex: boolean;
};

/** A network's weights: found, but not opened. */
export type WeightLocation = {
  /** The file, or the index of several; for error texts. */
  readonly path: string;
  /** Names in the folder of all files that the weights are made of, the index included, before links are followed. */
  readonly names: readonly string[];
  /** Real paths of the files that hold tensors, all in one folder, by name. */
  readonly files: ReadonlyMap<string, string>;
  /** The name of each tensor's file; undefined when there is only one. */
  readonly fileOfTensor: ReadonlyMap<string, string> | undefined;
};

/** A tensor and the file it lies in: a real path, since ONNX Runtime follows no link out of a folder. */
export type StoredTensor = TensorEntry & { readonly file: string };

/** All tensors of a network; `path` is for error texts. */
export type WeightFiles = { readonly path: string; readonly tensors: ReadonlyMap<string, StoredTensor> };

/** Variants to fall back to when the full weights are absent, in this order. */
const variants = ["fp16", "bf16"] as const;

/**
 * Choose the weights of a folder by the names that diffusers and transformers give them: whole before cut, full before
 * half precision.
 * @param stem "diffusion_pytorch_model" or "model"
 * @throws LoftError "model-weights-unsupported" when there are only pickles, "model-missing" when there is nothing
 */
export async function chooseWeights(folder: string, stem: string): Promise<WeightChoice> {
  const choices = [
    { name: `${stem}.safetensors`, isIndex: false },
    { name: `${stem}.safetensors.index.json`, isIndex: true },
    ...variants.flatMap((variant) => [
      { name: `${stem}.${variant}.safetensors`, isIndex: false },
      { name: `${stem}.safetensors.index.${variant}.json`, isIndex: true },
      // As older diffusers wrote it; 0.42 still reads it, with a warning.
      { name: `${stem}.safetensors.${variant}.index.json`, isIndex: true },
    ]),
  ];
  for (const choice of choices) if (await isFile(join(folder, choice.name))) return choice;
  for (const name of [`${stem}.bin`, "pytorch_model.bin", `${stem}.bin.index.json`, "pytorch_model.bin.index.json"]) {
    if (await isFile(join(folder, name))) throw pickled(folder, name, stem);
  }
  throw missing(join(folder, `${stem}.safetensors`));
}

/**
 * Locate the files of chosen weights.
 * @param index the parsed index; undefined when the weights are one file
 * @throws LoftError "model-config-invalid" for an unsound index, "model-missing" when a file it names is absent,
 *   "model-weights-unsupported" when links lead to several folders
 */
export async function locateWeights(
  folder: string,
  name: string,
  index: Readonly<Record<string, unknown>> | undefined,
): Promise<WeightLocation> {
  const path = join(folder, name);
  const fileOfTensor = index === undefined ? undefined : readIndex(path, index);
  const parts = fileOfTensor === undefined ? [name] : [...new Set(fileOfTensor.values())].sort();
  const files = new Map<string, string>();
  for (const part of parts) {
    const link = join(folder, part);
    if (!(await isFile(link))) throw missing(link);
    files.set(part, await realpath(link));
  }
  const folders = new Set([...files.values()].map(dirname));
  if (1 < folders.size) throw scattered(path, [...folders]);
  return { path, names: fileOfTensor === undefined ? parts : [name, ...parts], files, fileOfTensor };
}

/**
 * Read the headers of a network's weights.
 * @throws LoftError "safetensors-invalid" when a file is not sound, "tensor-missing" when one lacks a tensor that the
 *   index puts there, "file-vanished" or "file-unreadable"
 */
export async function readWeightFiles({ path, files, fileOfTensor }: WeightLocation): Promise<WeightFiles> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, file] of files) {
    const header = await readSafetensorsHeader(file);
    const wanted = fileOfTensor === undefined ? header.tensors.keys() : tensorsIn(fileOfTensor, name);
    for (const tensor of wanted) {
      const entry = header.tensors.get(tensor);
      if (entry === undefined) throw notInPart(path, tensor, name);
      tensors.set(tensor, { ...entry, file });
    }
  }
  return { path, tensors };
}

function tensorsIn(fileOfTensor: ReadonlyMap<string, string>, name: string): string[] {
  return [...fileOfTensor].filter(([, file]) => file === name).map(([tensor]) => tensor);
}

/** `weight_map` of an index: tensor name to file name. File names may not lead out of the folder. */
function readIndex(path: string, index: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const { weight_map: map } = index;
  const entries = isRecord(map) ? Object.entries(map) : [];
  const isSound = entries.every(([, file]) => typeof file === "string" && /^[^/\\]+\.safetensors$/.test(file));
  if (0 < entries.length && isSound) return new Map(entries as [string, string][]);
  throw loftError("model-config-invalid", {
    what: `${path} has no "weight_map" from tensors to .safetensors files beside it.`,
    fix: "Get the model's files again.",
  });
}

function missing(path: string) {
  return loftError("model-missing", {
    what: `${path} is missing or cannot be read.`,
    fix: "Point to a Stable Diffusion model in diffusers folder layout, or get the missing file again.",
  });
}

function pickled(folder: string, name: string, stem: string) {
  return loftError("model-weights-unsupported", {
    what: `The weights in ${folder} are only there as a pickle (${name}), which can run code when it is loaded.`,
    fix: `Convert it to ${stem}.safetensors, or use a model that has it.`,
  });
}

function scattered(path: string, folders: readonly string[]) {
  return loftError("model-weights-unsupported", {
    what: `The files that ${path} names are links into several folders: ${folders.join(", ")}.`,
    fix: "Copy the files themselves into one folder.",
  });
}

function notInPart(path: string, tensor: string, name: string) {
  return loftError("tensor-missing", {
    what: `${path} puts ${tensor} into ${name}, which does not hold it.`,
    fix: "The files belong to different versions of the model: get all of them again.",
  });
}
