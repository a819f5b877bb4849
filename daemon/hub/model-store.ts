/**
 * The models on this machine besides the bundled ones: one folder per model in the store, with a record that says what
 * its files are. A record is there only when every file was checked; downloads that are not finished have none.
 */
import { mkdir, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { writeError, writeJsonAtomic } from "../base/atomic-file.ts";
import { type LoftError, loftError } from "../base/errors.ts";
import { holderText, type ProcessLock, takeLock } from "../base/process-lock.ts";
import { isRecord } from "../checkpoint/json-text.ts";
import { isFolder } from "../checkpoint/path-kind.ts";
import type { Variant } from "./choose-files.ts";
import { incompleteSuffix } from "./download-file.ts";
import type { DownloadedFile } from "./download-model.ts";
import { isSafePath, isSha256 } from "./hub-names.ts";

/** Where a model's files came from. */
export type ModelOrigin =
  | {
      readonly kind: "download" | "cache";
      readonly repository: string;
      /** The commit. */
      readonly revision: string;
      readonly variant: Variant;
    }
  | { readonly kind: "folder" };

/** What the store knows of a model. */
export type ModelRecord = {
  /** The name that a configuration uses. */
  readonly id: string;
  /** A Hugging Face license id, or "unknown". */
  readonly license: string;
  readonly origin: ModelOrigin;
  /** Absolute path of the files when they lie outside the store; absent when they lie beside the record. */
  readonly folder?: string;
  /** As they were when every one was checked. */
  readonly files: readonly DownloadedFile[];
  /** ISO 8601. */
  readonly addedAt: string;
};

/** A record and where its files are. */
export type StoredModel = ModelRecord & { readonly folder: string };

export type StoreContents = {
  readonly models: readonly StoredModel[];
  /** Names of downloads that are not finished. */
  readonly unfinished: readonly string[];
  /** Folders whose record cannot be read. */
  readonly damaged: readonly string[];
};

const recordName = ".loft-model.json";

/** Everything in the store, sorted by name; an absent store is empty. */
export async function readStore(store: string): Promise<StoreContents> {
  const entries = await readdir(store, { withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const unfinished = folders.filter((name) => name.endsWith(incompleteSuffix));
  const models: StoredModel[] = [];
  const damaged: string[] = [];
  for (const name of folders.filter((folder) => !folder.endsWith(incompleteSuffix))) {
    const record = await readRecord(join(store, name));
    if (record === "damaged") damaged.push(name);
    else if (record !== undefined) models.push(record);
  }
  return { models, damaged, unfinished: unfinished.map((name) => idOf(name.slice(0, -incompleteSuffix.length))) };
}

/**
 * The model of a name, if it is in the store.
 * @throws LoftError "model-config-invalid" when its record is damaged
 */
export async function findStoredModel(store: string, id: string): Promise<StoredModel | undefined> {
  const record = await readRecord(modelFolder(store, id));
  if (record !== "damaged") return record?.id === id ? record : undefined;
  throw loftError("model-config-invalid", {
    what: `${join(modelFolder(store, id), recordName)}, the record of the model ${id}, is damaged.`,
    fix: `Run \`loft models remove ${id}\`, then add the model again.`,
  });
}

/** Whether a download of this name was begun and not finished. */
export async function isUnfinished(store: string, id: string): Promise<boolean> {
  return isFolder(stagingFolder(store, id));
}

/** Whether the place of a name holds files that LoFT knows nothing of. */
export async function holdsOtherFiles(store: string, id: string): Promise<boolean> {
  const folder = modelFolder(store, id);
  return (await readRecord(folder)) === undefined && 0 < (await readdir(folder).catch(() => [])).length;
}

/** Where the files of a model belong. */
export function modelFolder(store: string, id: string): string {
  return join(store, id.replace("/", "--"));
}

/** Where its files are gathered until every one is there. */
export function stagingFolder(store: string, id: string): string {
  return `${modelFolder(store, id)}${incompleteSuffix}`;
}

/**
 * Take the lock of one name in the store; the store's folder is made.
 * @throws LoftError "model-locked", "output-unwritable", "disk-full"
 */
export async function lockModel(store: string, id: string): Promise<ProcessLock> {
  await storing(store, () => mkdir(store, { recursive: true }));
  return takeLock(`${modelFolder(store, id)}.lock`, (holder): LoftError => {
    const { who, wait } = holderText(holder);
    return loftError("model-locked", { what: `${who} is working on the model ${id} in ${store}.`, fix: wait });
  });
}

/**
 * Make the staged files the model of their name; what the name held before is gone then. A kill at any moment leaves
 * either the staged files or the model.
 */
export async function commitStaged(store: string, record: ModelRecord): Promise<StoredModel> {
  const [staging, folder] = [stagingFolder(store, record.id), modelFolder(store, record.id)];
  return storing(folder, async () => {
    // What is left of another variant or revision would be read as a part of this model.
    await removeOthers(staging, new Set(record.files.map(({ path }) => path)));
    await writeJsonAtomic(join(staging, recordName), record);
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
    return { ...record, folder };
  });
}

async function removeOthers(folder: string, keep: ReadonlySet<string>): Promise<void> {
  const paths = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of paths.filter((found) => !found.isDirectory())) {
    const path = join(entry.parentPath, entry.name);
    if (!keep.has(relative(folder, path).replaceAll("\\", "/"))) await rm(path, { force: true });
  }
}

/** Note a model whose files stay where they are. */
export async function commitFolder(
  store: string,
  record: ModelRecord & { readonly folder: string },
): Promise<StoredModel> {
  await writeJsonAtomic(join(modelFolder(store, record.id), recordName), record);
  return record;
}

/** Turn a model whose files are not all right back into an unfinished download, so that only those are got again. */
export async function reopen(store: string, model: StoredModel, bad: readonly string[]): Promise<void> {
  const [staging, folder] = [stagingFolder(store, model.id), modelFolder(store, model.id)];
  await storing(folder, async () => {
    await rm(staging, { recursive: true, force: true });
    await rename(folder, staging);
    for (const path of [recordName, ...bad]) await rm(join(staging, path), { force: true });
  });
}

/** Remove a model, its unfinished download included. Only files that LoFT itself has downloaded are deleted. */
export async function removeStored(store: string, id: string): Promise<void> {
  const folder = modelFolder(store, id);
  const record = await readRecord(folder);
  await storing(folder, async () => {
    await rm(stagingFolder(store, id), { recursive: true, force: true });
    if (record !== undefined && record !== "damaged" && record.origin.kind === "download") {
      await rm(folder, { recursive: true, force: true });
      return;
    }
    await rm(join(folder, recordName), { force: true });
    // Not empty when the user's own files lie there.
    await rmdir(folder).catch(() => undefined);
  });
}

async function readRecord(folder: string): Promise<StoredModel | "damaged" | undefined> {
  const text = await readFile(join(folder, recordName), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const record: unknown = JSON.parse(text);
    if (isModelRecord(record)) return { ...record, folder: record.folder ?? resolve(folder) };
  } catch {
    // Not JSON: the same as JSON of another shape.
  }
  return "damaged";
}

function isModelRecord(value: unknown): value is ModelRecord {
  if (!isRecord(value) || !Array.isArray(value.files)) return false;
  const texts = [value.id, value.license, value.addedAt];
  const isFolderSound = value.folder === undefined || (typeof value.folder === "string" && isAbsolute(value.folder));
  return (
    texts.every((text) => typeof text === "string") &&
    isFolderSound &&
    isOrigin(value.origin) &&
    value.files.every(isFile)
  );
}

function isOrigin(value: unknown): value is ModelOrigin {
  if (!isRecord(value)) return false;
  if (value.kind === "folder") return true;
  const isHub = value.kind === "download" || value.kind === "cache";
  return isHub && [value.repository, value.revision, value.variant].every((text) => typeof text === "string");
}

function isFile(value: unknown): value is DownloadedFile {
  if (!isRecord(value) || typeof value.path !== "string" || !isSafePath(value.path)) return false;
  return Number.isSafeInteger(value.bytes) && isSha256(value.sha256);
}

function idOf(folderName: string): string {
  return folderName.replace("--", "/");
}

async function storing<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  return action().catch((error: unknown) => {
    throw writeError(error, path);
  });
}
