/** What the language server wants to know of disk and machine, found out without ONNX Runtime and without decoding a picture. */
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { PlanCost } from "../../schemas/protocol.ts";
import { LoftError } from "../base/errors.ts";
import { fileErrorCode } from "../base/file-errors.ts";
import { readModelFolder } from "../checkpoint/diffusers-folder.ts";
import { readModelRegistry, verifyFiles } from "../checkpoint/model-registry.ts";
import { isFile, isFolder } from "../checkpoint/path-kind.ts";
import type { ClassFacts, ConfigFacts, DataFacts, FolderItem, ModelFacts } from "../config/facts.ts";
import { closest } from "../config/suggest.ts";
import { type FolderEntry, listFolder as listEntries } from "../data/folder-entries.ts";
import { imageKind, imageKindBytes, isPhotoKind } from "../data/image-kind.ts";
import { readUNetConfig } from "../diffusion/configs/unet-config.ts";
import { readVaeConfig, vaeStride } from "../diffusion/configs/vae-config.ts";
import { machineMemory } from "../engine/runtime/machine-memory.ts";
import { modelStoreFolder } from "../hub/hub-settings.ts";
import { readKnownDownloads } from "../hub/known-downloads.ts";
import { readStore } from "../hub/model-store.ts";
import { readBaseText } from "./config-file.ts";

export type FactPlaces = {
  /** The bundled models and registry.json. */
  readonly modelsFolder: string;
  /** schemas/loft.schema.json of this installation. */
  readonly schemaFile: string;
  /** Added and downloaded models; the user's own store unless said. */
  readonly storeFolder?: string;
};

/** Tells what a saved configuration costs; undefined when it cannot be told. */
export type AskCost = (configFile: string, signal: AbortSignal) => Promise<PlanCost | undefined>;

/** The facts of this machine. */
export function configFacts(places: FactPlaces, askCost: AskCost): ConfigFacts {
  return {
    listFolder,
    data: readDataFacts,
    baseText: readBaseText,
    isFile,
    models: () => listModels(places),
    model: (name, baseFolder) => readModelFacts(name, baseFolder, places),
    cost: askCost,
    schemaReference: (folder) => schemaReference(folder, places.schemaFile),
    memoryBytes: machineMemory(),
  };
}

async function listFolder(folder: string): Promise<readonly FolderItem[] | undefined> {
  const entries = await listEntries(folder, "").catch(() => undefined);
  return entries?.flatMap(({ name, kind }) => (kind === "file" || kind === "folder" ? [{ name, kind }] : []));
}

/** Class folders and numbers of photos; a picture is known by its first bytes, as everywhere in LoFT. */
async function readDataFacts(folder: string, signal: AbortSignal): Promise<DataFacts> {
  const entries = await listEntries(folder, "").catch((error: unknown) => fileErrorCode(error) ?? "unknown");
  if (typeof entries === "string") return absentFolder(folder, entries);
  const classes: ClassFacts[] = [];
  const folders = entries.filter(({ kind }) => kind === "folder");
  for (const entry of folders) {
    signal.throwIfAborted();
    const photos = await photosIn(await listEntries(entry.absolute, "").catch(() => []), signal);
    const first = photos[0];
    classes.push({
      folder: entry.name,
      photoCount: photos.length,
      ...(first === undefined ? {} : { firstPhoto: first }),
    });
  }
  const loosePhotos = (await photosIn(entries, signal)).length;
  const hasPhotos = 0 < loosePhotos || classes.some(({ photoCount }) => 0 < photoCount);
  const deeper = hasPhotos ? undefined : await deeperFolder(folders, signal);
  return { state: "folder", classes, loosePhotos, ...(deeper === undefined ? {} : { deeper }) };
}

async function absentFolder(folder: string, code: string): Promise<DataFacts> {
  if (code === "ENOTDIR") return { state: (await isFile(folder)) ? "not-a-folder" : "missing" };
  if (code !== "ENOENT") return { state: "unreadable" };
  const beside = await listFolder(dirname(folder));
  const names = (beside ?? []).filter(({ kind }) => kind === "folder").map(({ name }) => name);
  const similar = closest(basename(folder), names);
  return similar === undefined ? { state: "missing" } : { state: "missing", similar };
}

/** Looking into each of very many files would keep the disk busy for long; by then their names will do. */
const mostLookedInto = 2000;

/** Names of the files that are photos. */
async function photosIn(entries: readonly FolderEntry[], signal: AbortSignal): Promise<readonly string[]> {
  const photos: string[] = [];
  for (const [index, { kind, name, absolute }] of entries.entries()) {
    if (kind !== "file") continue;
    signal.throwIfAborted();
    const isPhoto =
      index < mostLookedInto ? await startsLikePhoto(absolute) : /\.(png|jpe?g|webp|gif|tiff?|avif)$/i.test(name);
    if (isPhoto) photos.push(name);
  }
  return photos;
}

async function startsLikePhoto(file: string): Promise<boolean> {
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const head = new Uint8Array(imageKindBytes);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return isPhotoKind(imageKind(head.subarray(0, bytesRead)));
  } catch {
    // A folder that was renamed to a file's name meanwhile, a disk that fails: no photo.
    return false;
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/** A folder of class folders inside, "train" before others. */
async function deeperFolder(folders: readonly FolderEntry[], signal: AbortSignal): Promise<string | undefined> {
  const found: string[] = [];
  for (const { name, absolute } of folders.slice(0, 20)) {
    const inner = await listEntries(absolute, "").catch(() => []);
    const first = inner.find(({ kind }) => kind === "folder");
    if (first === undefined) continue;
    const photos = await photosIn((await listEntries(first.absolute, "").catch(() => [])).slice(0, 10), signal);
    if (0 < photos.length) found.push(name);
  }
  return found.includes("train") ? "train" : found[0];
}

/** Bundled models, then added ones, then those that can be downloaded. */
async function listModels({ modelsFolder, storeFolder }: FactPlaces): Promise<readonly ModelFacts[]> {
  const registry = await readModelRegistry(modelsFolder).catch(() => []);
  const store = await readStore(storeFolder ?? modelStoreFolder(process.env, homedir()));
  const bundled = registry
    .filter(({ kind }) => kind === "stable-diffusion")
    .map(({ id, title, license, folder }): ModelFacts => {
      return { name: id, state: "ready", title, license, folder: join(modelsFolder, folder) };
    });
  const added = store.models.map(
    ({ id, license, folder }): ModelFacts => ({ name: id, state: "ready", license, folder }),
  );
  const here = new Set([...bundled, ...added].map(({ name }) => name));
  const known = (await readKnownDownloads(modelsFolder).catch(() => [])).filter(({ id }) => !here.has(id));
  const remote = known.map(({ id, title, license }): ModelFacts => {
    const isBegun = store.unfinished.includes(id);
    return { name: id, state: "not-downloaded", title, license, problem: notDownloaded(id, isBegun) };
  });
  return [...bundled, ...added, ...remote];
}

function notDownloaded(name: string, isBegun: boolean) {
  const state = isBegun ? "is not downloaded to its end" : "is known, but not on this machine yet";
  return { what: `The model ${name} ${state}.`, fix: `Run \`loft models add ${name}\`.` };
}

/** What a configuration's `model` means; the order is that of a run: bundled, added, a folder, known. */
async function readModelFacts(name: string, baseFolder: string, places: FactPlaces): Promise<ModelFacts> {
  const models = await listModels(places);
  const named = models.find((model) => model.name === name && model.state === "ready");
  if (named !== undefined) return withFiles(named, places);
  const folder = resolve(baseFolder, name);
  if (await isFolder(folder)) return withShape({ name: basename(folder), state: "ready", folder });
  return models.find((model) => model.name === name) ?? unknownModel(name, models);
}

function unknownModel(name: string, models: readonly ModelFacts[]): ModelFacts {
  const names = models.map((model) => model.name);
  const suggestion = closest(name, names);
  const question = suggestion === undefined ? "" : `Did you mean "${suggestion}"? `;
  const fix = `${question}Give one of ${names.join(", ")}, or a model folder in diffusers layout.`;
  const problem = { what: `There is no model "${name}", and no folder of that name.`, fix };
  return { name, state: "unknown", problem: suggestion === undefined ? problem : { ...problem, suggestion } };
}

/** Presence and size of every recorded file, which takes no time; contents are read by a run. */
async function withFiles(model: ModelFacts, { modelsFolder, storeFolder }: FactPlaces): Promise<ModelFacts> {
  const registered = (await readModelRegistry(modelsFolder)).find(({ id }) => id === model.name);
  const stored = await readStore(storeFolder ?? modelStoreFolder(process.env, homedir()));
  const files = registered?.files ?? stored.models.find(({ id }) => id === model.name)?.files ?? [];
  const [problem] = await verifyFiles(model.folder ?? "", files, "size");
  if (problem === undefined) return withShape(model);
  const what = `${problem.path}, a file of the model ${model.name}, ${problem.problem === "missing" ? "is not there" : "has another size"}.`;
  const fix =
    registered === undefined
      ? `Run \`loft models add ${model.name}\`: it mends it.`
      : "Get LoFT's models folder again.";
  return { ...model, state: "incomplete", problem: { what, fix } };
}

/** Sizes from the model's configs. */
async function withShape(model: ModelFacts): Promise<ModelFacts> {
  try {
    const folder = await readModelFolder(model.folder ?? "");
    const unet = readUNetConfig(folder.unet.config);
    const stride = vaeStride(readVaeConfig(folder.vae.config));
    const side = (unet.sampleSize ?? 64) * stride;
    return { ...model, side, stride, narrowestLayer: Math.min(...unet.blockOutChannels, unet.crossAttentionDim) };
  } catch (error) {
    if (!(error instanceof LoftError)) throw error;
    const state = error.code === "model-missing" ? "incomplete" : "unsupported";
    return { ...model, state, problem: { what: error.what, fix: error.fix } };
  }
}

/** Relative with forward slashes; a URL across drives. */
function schemaReference(folder: string, schemaFile: string): string {
  const path = relative(folder, schemaFile);
  if (isAbsolute(path)) return pathToFileURL(schemaFile).href;
  const slashed = path.split(sep).join("/");
  return slashed.startsWith(".") ? slashed : `./${slashed}`;
}
