/** The list of known models (`models/registry.json`): what each is, where it comes from, and what its files must be. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { loftError } from "../base/errors.ts";
import { isRecord } from "./json-text.ts";
import { hashFile } from "./model-hash.ts";

/** A file of a model, its path relative to the model's folder with forward slashes. */
export type RegisteredFile = { readonly path: string; readonly bytes: number; readonly sha256: string };

export type RegisteredModel = {
  /** The name that a configuration uses. */
  readonly id: string;
  readonly kind: "stable-diffusion" | "clip";
  readonly title: string;
  /** Folder name beside the registry file. */
  readonly folder: string;
  /** SPDX name. */
  readonly license: string;
  /** Where it comes from and where its card is. */
  readonly source: string;
  readonly files: readonly RegisteredFile[];
};

/** What is wrong with a model on this disk; none means that every byte is as registered. */
export type ModelProblem = { readonly path: string; readonly problem: "missing" | "size" | "hash" };

const registryName = "registry.json";

/**
 * Read the registry of a models folder.
 * @throws LoftError "model-missing" when there is none, "model-config-invalid" when it is damaged
 */
export async function readModelRegistry(modelsFolder: string): Promise<readonly RegisteredModel[]> {
  return readRegistryList(modelsFolder, "models", isRegisteredModel);
}

/**
 * Read one list of the registry; a list that is not there is empty, but `models` must be there.
 * @throws LoftError as readModelRegistry
 */
export async function readRegistryList<Entry>(
  modelsFolder: string,
  list: "models" | "downloads",
  isEntry: (value: unknown) => value is Entry,
): Promise<readonly Entry[]> {
  const file = join(modelsFolder, registryName);
  const text = await readFile(file, "utf8").catch((cause) => {
    throw loftError("model-missing", {
      what: `The list of models ${file} cannot be read.`,
      fix: "Get LoFT's models folder again, for example with `git checkout models`.",
      cause,
    });
  });
  try {
    const registry: unknown = JSON.parse(text);
    if (isRecord(registry) && Array.isArray(registry.models)) {
      const entries = registry[list] ?? [];
      if (Array.isArray(entries) && entries.every(isEntry)) return entries;
    }
  } catch {
    // Not JSON: the same error as JSON of another shape.
  }
  throw loftError("model-config-invalid", {
    what: `${file} is not a list of models.`,
    fix: "Undo the last change to it; `loft models --hash FOLDER` prints a correct entry.",
  });
}

/** Compare a model's files with the registry: presence and size first, then content. */
export async function verifyModel(modelsFolder: string, model: RegisteredModel): Promise<readonly ModelProblem[]> {
  return verifyFiles(join(modelsFolder, model.folder), model.files, "content");
}

/**
 * Compare the files of a folder with what they should be.
 * @param depth "size" looks at presence and size only, which takes no time
 */
export async function verifyFiles(
  folder: string,
  files: readonly RegisteredFile[],
  depth: "size" | "content",
): Promise<readonly ModelProblem[]> {
  const problems: ModelProblem[] = [];
  for (const file of files) {
    const problem = await verifyFile(join(folder, file.path), file, depth);
    if (problem !== undefined) problems.push({ path: file.path, problem });
  }
  return problems;
}

/**
 * All files of a folder with sizes and hashes, sorted by path: what the registry holds of a model.
 * @throws LoftError "model-missing" when the folder cannot be read or is empty
 */
export async function describeModelFiles(folder: string): Promise<readonly RegisteredFile[]> {
  const paths = await filesUnder(folder);
  const files: RegisteredFile[] = [];
  for (const path of paths) {
    const { size } = await stat(join(folder, path));
    files.push({ path, bytes: size, sha256: await hashFile(join(folder, path)) });
  }
  return files;
}

/** Folders beside the registry that hold a model but are not registered. */
export async function unregisteredModels(
  modelsFolder: string,
  registry: readonly RegisteredModel[],
): Promise<readonly string[]> {
  const entries = await readdir(modelsFolder, { withFileTypes: true }).catch(() => []);
  const known = new Set(registry.map((model) => model.folder));
  const folders = entries.filter((entry) => !entry.isFile() && !known.has(entry.name)).map((entry) => entry.name);
  const marks = await Promise.all(folders.map((name) => holdsModel(join(modelsFolder, name))));
  return folders.filter((_, index) => marks[index]).sort();
}

async function verifyFile(
  path: string,
  wanted: RegisteredFile,
  depth: "size" | "content",
): Promise<ModelProblem["problem"] | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return "missing";
  if (found.size !== wanted.bytes) return "size";
  if (depth === "size") return undefined;
  return (await hashFile(path)) === wanted.sha256 ? undefined : "hash";
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const paths: string[] = [];
  for (const name of names) {
    const isHidden = name.split(/[\\/]/).some((part) => part.startsWith("."));
    if (!isHidden && (await stat(join(folder, name))).isFile()) paths.push(name.replaceAll("\\", "/"));
  }
  if (0 < paths.length) return paths.sort();
  throw loftError("model-missing", {
    what: `${folder} is not a folder with files.`,
    fix: "Give the folder of a model, for example models/loft-mini.",
  });
}

/** diffusers marks a pipeline with model_index.json, transformers a model with config.json. */
async function holdsModel(folder: string): Promise<boolean> {
  const marks = ["model_index.json", "config.json"].map((name) => stat(join(folder, name)).catch(() => undefined));
  return (await Promise.all(marks)).some((found) => found?.isFile());
}

function isRegisteredModel(value: unknown): value is RegisteredModel {
  if (!isRecord(value) || !Array.isArray(value.files)) return false;
  const texts = [value.id, value.kind, value.title, value.folder, value.license, value.source];
  const isFile = (file: unknown) =>
    isRecord(file) && typeof file.path === "string" && Number.isInteger(file.bytes) && typeof file.sha256 === "string";
  return texts.every((text) => typeof text === "string") && value.files.every(isFile);
}
