/**
 * The layout of a run on disk, and what of it is already done. All paths inside are relative with forward slashes, so
 * that a run folder can be moved or copied and go on elsewhere.
 *
 *   README.md  manifest.json  data/classes.json  data/train/CLASS/000001.png   the dataset
 *   adapters/CLASS/ID/pytorch_lora_weights.safetensors, training.jsonl         one adapter per folder
 *   photos/CLASS/SHA12.png                                                     the real photos as they were trained on
 *   .loft/run.json, events.jsonl, images.jsonl, checkpoints/, lock             what a later start needs
 *   .loft/extra/SHA256.safetensors                                             adapters of other origin in the images
 *   .loft/set-aside/CLASS/000001.png                                           images of an earlier configuration
 *   methods/METHOD/                                                            of an evaluation: other methods' runs
 *   methods/METHOD-sSHOTS-seedSEED/                                            and those of few photos
 */
import { mkdir, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { removeTornFiles, writeError, writeJsonAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import type { Json } from "../base/hash.ts";
import { datasetPaths, syntheticImagePath } from "../data/synthetic-dataset.ts";

/** Fixed places, relative to the run folder. */
export const runPaths = {
  dataset: "data",
  ...datasetPaths,
  adapters: "adapters",
  photos: "photos",
  internal: ".loft",
  record: ".loft/run.json",
  events: ".loft/events.jsonl",
  finishedImages: ".loft/images.jsonl",
  checkpoints: ".loft/checkpoints",
  extra: ".loft/extra",
  setAside: ".loft/set-aside",
  lock: ".loft/lock",
  methods: "methods",
} as const;

/** What a run folder was made from; a later start compares it with what it is asked to do. */
export type RunRecord = {
  readonly formatVersion: 1;
  /** The configuration with every default filled in; paths relative to the configuration file. */
  readonly config: Json;
  readonly planHash: string;
  readonly modelHash: string;
  /** For example { loft, node, onnxruntime, sharp }. */
  readonly versions: Readonly<Record<string, string>>;
};

/** The folder of one adapter, e.g. "adapters/cat/3f2a...". */
export function adapterFolder(classFolder: string, id: string): string {
  return `${runPaths.adapters}/${classFolder}/${id}`;
}

/** Its weights, under the name that diffusers looks for. */
export function adapterFile(classFolder: string, id: string): string {
  return `${adapterFolder(classFolder, id)}/pytorch_lora_weights.safetensors`;
}

/** Its training log: one JSON line a step with loss, gradient norm and seconds. */
export function trainingLogFile(classFolder: string, id: string): string {
  return `${adapterFolder(classFolder, id)}/training.jsonl`;
}

/** A prepared real photo, named by the first 12 digits of its content's SHA-256. */
export function photoFile(classFolder: string, photoSha256: string): string {
  return `${runPaths.photos}/${classFolder}/${photoSha256.slice(0, 12)}.png`;
}

/** An adapter of other origin that images were made with. */
export function extraFile(contentSha256: string): string {
  return `${runPaths.extra}/${contentSha256}.safetensors`;
}

/** A synthetic image; `imageIndex` counts from 0, file names from 000001. */
export function imageFile(classFolder: string, imageIndex: number): string {
  return syntheticImagePath(classFolder, imageIndex + 1);
}

/** The training state of a group of adapters that are trained together. */
export function checkpointFile(groupId: string): string {
  return `${runPaths.checkpoints}/${groupId}.safetensors`;
}

/** An absolute path of something in the run folder. */
export function inRun(root: string, relativePath: string): string {
  return join(root, ...relativePath.split("/"));
}

/**
 * Make the run folder ready for writing: an empty or missing folder, or a run of ours. Call it before taking the lock.
 * @throws LoftError "output-not-empty" when other people's files are in the way, "output-unwritable", "disk-full"
 */
export async function prepareRunFolder(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true });
    await refuseForeignFolder(root);
    await mkdir(inRun(root, runPaths.checkpoints), { recursive: true });
  } catch (error) {
    throw writeError(error, root);
  }
}

/**
 * Make sure that a folder is missing, empty, a run of ours or nothing but runs of methods, without touching it.
 * @throws LoftError "output-not-empty"; file errors other than a missing folder
 */
export async function refuseForeignFolder(root: string): Promise<void> {
  const names = await readdir(root).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  if (names.length === 0 || names.includes(runPaths.internal)) return;
  if (!(await holdsOnlyMethods(root, names))) throw foreignFolder(root, names);
}

/** Where methods' images were made before their evaluation. */
async function holdsOnlyMethods(root: string, names: readonly string[]): Promise<boolean> {
  if (names.join() !== runPaths.methods) return false;
  const folder = inRun(root, runPaths.methods);
  const inner = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const parts = await Promise.all(
    inner.map(async (entry) => entry.isDirectory() && (await readdir(join(folder, entry.name)))),
  );
  return 0 < parts.length && parts.every((found) => found !== false && found.includes(runPaths.internal));
}

/** Take away what a killed process left half-written. Call it only while holding the lock. */
export async function cleanRunFolder(root: string): Promise<void> {
  // Card and manifest; other folders in it are not this run's alone.
  await removeTornFiles(root, "first");
  for (const part of [runPaths.dataset, runPaths.adapters, runPaths.photos, runPaths.internal]) {
    await removeTornFiles(inRun(root, part));
  }
}

/** Write the record of what this run folder is made from. */
export async function writeRun(root: string, record: RunRecord): Promise<void> {
  await writeJsonAtomic(inRun(root, runPaths.record), record);
}

/**
 * The record of a run folder; undefined when there is none yet.
 * @throws LoftError "run-damaged" when it is there but cannot be understood
 */
export async function readRun(root: string): Promise<RunRecord | undefined> {
  const file = inRun(root, runPaths.record);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw damagedRecord(file, error);
  });
  return text === undefined ? undefined : parseRunRecord(text, file);
}

/**
 * Whether an adapter is trained: its file is there and as long as its own header says. The file is written last and
 * in one step, so it stands for the whole task; the length guards against folders that were copied halfway.
 */
export async function isAdapterDone(root: string, classFolder: string, id: string): Promise<boolean> {
  return isWholeSafetensors(inRun(root, adapterFile(classFolder, id)));
}

/** Whether a checkpoint is there and whole. */
export async function isCheckpointThere(root: string, groupId: string): Promise<boolean> {
  return isWholeSafetensors(inRun(root, checkpointFile(groupId)));
}

/**
 * Whether a safetensors file is there and as long as its header says: u64 header length, JSON header, data; the
 * greatest `data_offsets` end is the length of the data.
 */
export async function isWholeSafetensors(file: string): Promise<boolean> {
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { size } = await handle.stat();
    const prefix = Buffer.alloc(8);
    await handle.read(prefix, 0, 8, 0);
    const headerBytes = Number(prefix.readBigUInt64LE());
    if (size < 8 + headerBytes) return false;
    const header = Buffer.alloc(headerBytes);
    await handle.read(header, 0, headerBytes, 8);
    return size === 8 + headerBytes + dataBytesOf(header.toString("utf8"));
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

function dataBytesOf(headerText: string): number {
  const header = JSON.parse(headerText) as Record<string, { data_offsets?: [number, number] }>;
  return Math.max(0, ...Object.values(header).map((tensor) => tensor.data_offsets?.[1] ?? 0));
}

function parseRunRecord(text: string, file: string): RunRecord {
  let record: Partial<RunRecord>;
  try {
    record = JSON.parse(text) as Partial<RunRecord>;
  } catch (error) {
    throw damagedRecord(file, error);
  }
  const isRecord = typeof record === "object" && record !== null && typeof record.planHash === "string";
  if (!isRecord || record.formatVersion !== 1) throw damagedRecord(file, undefined);
  return record as RunRecord;
}

function damagedRecord(file: string, cause: unknown): Error {
  return loftError("run-damaged", {
    what: `${file} is not the record of a run that this version of LoFT can read.`,
    fix: "Delete that one file and run again: finished adapters and images are found by their names.",
    cause,
  });
}

function foreignFolder(root: string, names: readonly string[]): Error {
  const few = [...names].sort().slice(0, 3).join(", ");
  return loftError("output-not-empty", {
    what: `${root} is not a run folder of LoFT and already holds other files (${few}${3 < names.length ? ", ..." : ""}).`,
    fix: "Choose an empty or new folder with --output.",
  });
}
