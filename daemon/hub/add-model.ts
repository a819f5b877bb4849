/** Adds a model to the store: by its known name or its repository from the Hub or Python's cache, or a folder as it is. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { DownloadEvent } from "../../schemas/download-event.ts";
import { loftError } from "../base/errors.ts";
import { readJsonFile, readModelFolder } from "../checkpoint/diffusers-folder.ts";
import { hashModelFolder } from "../checkpoint/model-hash.ts";
import { type RegisteredModel, readModelRegistry, verifyFiles } from "../checkpoint/model-registry.ts";
import { isFolder, isThere } from "../checkpoint/path-kind.ts";
import { closest } from "../config/suggest.ts";
import type { Variant } from "./choose-files.ts";
import { type DownloadedFile, downloadModel } from "./download-model.ts";
import { findCached } from "./find-cached.ts";
import { isRepositoryName, isRevision } from "./hub-names.ts";
import { usualRetryDelays } from "./hub-request.ts";
import type { HubSettings } from "./hub-settings.ts";
import { type HubSource, type KnownDownload, readKnownDownloads } from "./known-downloads.ts";
import {
  commitFolder,
  commitStaged,
  findStoredModel,
  holdsOtherFiles,
  lockModel,
  modelFolder,
  reopen,
  type StoredModel,
  stagingFolder,
} from "./model-store.ts";

export type AddRequest = {
  /** A known name, OWNER/NAME on the Hub, or a folder relative to `workingFolder`. */
  readonly model: string;
  /** The name to give a folder; its own unless said. */
  readonly name?: string;
  /** A branch, a tag or a commit, instead of the recorded one or the main branch. */
  readonly revision?: string;
  readonly variant?: Variant;
  readonly settings: HubSettings;
  readonly store: string;
  /** Holds registry.json. */
  readonly modelsFolder: string;
  readonly workingFolder: string;
  /** Throws when the model in a folder is none that can be used. */
  readonly check: (folder: string) => Promise<void>;
  readonly signal: AbortSignal;
  readonly emit: (event: DownloadEvent) => void;
  readonly clock: () => Date;
  /** Seconds before each repetition of a failed attempt. */
  readonly retryDelays?: readonly number[];
};

export type AddedModel = {
  readonly model: StoredModel;
  /** What was done for it. */
  readonly how: "already-there" | "downloaded" | "found-in-cache" | "folder";
  /** Files whose SHA-256 was not known before and is recorded now. */
  readonly newHashes: number;
};

/** What to get from the Hub. */
type Wanted = {
  readonly id: string;
  readonly sources: readonly HubSource[];
  /** Repositories that are gone, but may be in the cache. */
  readonly withdrawn: readonly string[];
  readonly variant: Variant | "preferred";
  readonly license: string | undefined;
  readonly pins: ReadonlyMap<string, string>;
};

/**
 * Add a model; one that is there already is checked, and mended where its files are not what they were.
 * @throws LoftError "model-missing" for a name that means nothing, "model-config-unsupported" for a CLIP folder, "model-name-taken", "model-locked", "hub-offline",
 *   "usage-invalid", and what downloadModel, readModelFolder and `check` throw
 */
export async function addModel(request: AddRequest): Promise<AddedModel> {
  const { model, modelsFolder, workingFolder } = request;
  const bundled = (await readModelRegistry(modelsFolder)).find(({ id }) => id === (request.name ?? model));
  if (bundled !== undefined) throw bundledName(bundled);
  const known = await readKnownDownloads(modelsFolder);
  const knownModel = known.find(({ id }) => id === model);
  if (knownModel !== undefined) return addFromHub(request, wantedKnown(knownModel, request));
  const folder = resolve(workingFolder, model);
  if (await isFolder(folder)) return addFolder(request, folder, known);
  if (isRepositoryName(model)) return addFromHub(request, wantedRepository(request));
  const stored = /^[\w.-]+$/.test(model) ? await findStoredModel(request.store, model) : undefined;
  if (stored?.origin.kind === "folder") return addFolder({ ...request, name: model }, stored.folder, known);
  const names = known.map(({ id }) => id);
  const meant = closest(model, names);
  throw loftError("model-missing", {
    what: `"${model}" is neither a known model, nor a folder, nor OWNER/NAME on the Hub.`,
    fix: `${meant === undefined ? "" : `Did you mean ${meant}? `}Known models to download: ${names.join(", ")}.`,
  });
}

function wantedKnown(known: KnownDownload, { revision, variant }: AddRequest): Wanted {
  const { id, repositories, withdrawn, license, files } = known;
  // A revision that the user names is of the first repository; other ones need not have it, but may.
  const sources = repositories.map((source) => ({ ...source, revision: revision ?? source.revision }));
  const recorded = files.filter((file): file is { path: string; sha256: string } => file.sha256 !== null);
  const pins = revision === undefined ? new Map(recorded.map(({ path, sha256 }) => [path, sha256])) : new Map();
  return { id, sources, withdrawn, variant: variant ?? "preferred", license, pins };
}

function wantedRepository({ model, revision, variant }: AddRequest): Wanted {
  const sources = [{ repository: model, revision: revision ?? null }];
  return { id: model, sources, withdrawn: [], variant: variant ?? "preferred", license: undefined, pins: new Map() };
}

async function addFromHub(request: AddRequest, wanted: Wanted): Promise<AddedModel> {
  const { store, revision, name } = request;
  if (name !== undefined) throw usage("--name is for folders: other models keep their names.", "Leave --name out.");
  if (revision !== undefined && !isRevision(revision)) {
    throw usage(`"${revision}" is no revision.`, "Give a branch, a tag or a commit to --revision.");
  }
  const lock = await lockModel(store, wanted.id);
  try {
    const there = await findStoredModel(store, wanted.id);
    if (there === undefined && (await holdsOtherFiles(store, wanted.id))) throw otherFiles(store, wanted.id);
    if (there !== undefined && isWanted(there, request)) {
      const problems = await verifyFiles(there.folder, there.files, "content");
      if (problems.length === 0) return { model: there, how: "already-there", newHashes: 0 };
      return await mend(
        request,
        wanted,
        there,
        problems.map(({ path }) => path),
      );
    }
    return await getModel(request, wanted);
  } finally {
    await lock.release();
  }
}

/** Whether a model that is there is the one that is asked for. */
function isWanted({ origin }: StoredModel, { revision, variant }: AddRequest): boolean {
  if (origin.kind === "folder") return revision === undefined && variant === undefined;
  return (revision ?? origin.revision) === origin.revision && (variant ?? origin.variant) === origin.variant;
}

/** Get the files again that are not what they were; their recorded hashes are pins now. */
async function mend(
  request: AddRequest,
  wanted: Wanted,
  model: StoredModel,
  bad: readonly string[],
): Promise<AddedModel> {
  const { origin } = model;
  request.emit({ type: "download-note", what: `Not as recorded, so to be had again: ${bad.join(", ")}.` });
  if (origin.kind !== "download") return getModel(request, wanted);
  if (request.settings.offline) throw offline(wanted.id);
  await reopen(request.store, model, bad);
  const recorded = { repository: origin.repository, revision: origin.revision };
  const others = wanted.sources.filter(({ repository }) => repository !== origin.repository);
  const pins = new Map(model.files.map(({ path, sha256 }) => [path, sha256]));
  return download(request, { ...wanted, sources: [recorded, ...others], variant: origin.variant, pins });
}

/** From Python's cache if it is there, else from the server. */
async function getModel(request: AddRequest, wanted: Wanted): Promise<AddedModel> {
  const { settings, store, check, clock, variant } = request;
  const cached = await findCached(settings.cacheFolder, cacheSources(request, wanted), variant);
  if (cached === undefined || !fits(cached.files, wanted.pins)) {
    if (settings.offline) throw offline(wanted.id);
    return download(request, wanted);
  }
  await check(cached.folder);
  const { repository, revision, folder, files } = cached;
  const model = await commitFolder(store, {
    id: wanted.id,
    license: wanted.license ?? "unknown",
    origin: { kind: "cache", repository, revision, variant: cached.variant },
    ...{ folder, files, addedAt: clock().toISOString() },
  });
  return { model, how: "found-in-cache", newHashes: countNew(files, wanted.pins) };
}

/** The cache may hold the main branch where a commit is recorded, and repositories that are gone. */
function cacheSources({ revision }: AddRequest, { sources, withdrawn }: Wanted): readonly HubSource[] {
  if (revision !== undefined) return sources;
  const mainBranches = [...sources.map(({ repository }) => repository), ...withdrawn];
  return [...sources, ...mainBranches.map((repository) => ({ repository, revision: null }))];
}

async function download(request: AddRequest, wanted: Wanted): Promise<AddedModel> {
  const { settings, store, signal, emit, clock, check } = request;
  const { id, sources, variant, pins } = wanted;
  const started = performance.now();
  const folder = stagingFolder(store, id);
  const { endpoint, token, timeoutSeconds } = settings;
  const retryDelays = request.retryDelays ?? usualRetryDelays;
  const found = await downloadModel({
    connection: { endpoint, token, timeoutSeconds, retryDelays, signal },
    ...{ id, sources, variant, pins, folder, emit },
    now: () => performance.now() / 1000,
  });
  await check(folder);
  const { repository, revision, files } = found;
  const model = await commitStaged(store, {
    id,
    license: wanted.license ?? found.license ?? "unknown",
    origin: { kind: "download", repository, revision, variant: found.variant },
    ...{ files, addedAt: clock().toISOString() },
  });
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const seconds = (performance.now() - started) / 1000;
  emit({ type: "download-finished", model: id, folder: model.folder, bytes, seconds });
  return { model, how: "downloaded", newHashes: countNew(files, pins) };
}

async function addFolder(request: AddRequest, folder: string, known: readonly KnownDownload[]): Promise<AddedModel> {
  const { store, revision, variant, check, clock } = request;
  if (revision !== undefined || variant !== undefined) {
    throw usage("A folder is taken as it is.", "Leave --revision and --variant out.");
  }
  const id = request.name ?? basename(folder);
  if (!/^[A-Za-z0-9](?!.*--)[\w.-]{0,79}$/.test(id)) {
    throw usage(`"${id}" is no name for a model.`, "Give one of letters, digits, dots and dashes with --name.");
  }
  if (await isClipFolder(folder)) throw classifierFolder(folder);
  const { files: paths } = await readModelFolder(folder);
  await check(folder);
  const lock = await lockModel(store, id);
  try {
    const there = await findStoredModel(store, id);
    if (there !== undefined && there.folder !== folder) throw nameTaken(there, folder);
    if (there === undefined && folder !== modelFolder(store, id) && (await holdsOtherFiles(store, id))) {
      throw otherFiles(store, id);
    }
    const { files: hashes } = await hashModelFolder({ path: folder, files: paths });
    const files: DownloadedFile[] = [];
    for (const path of paths) {
      files.push({ path, bytes: (await stat(join(folder, path))).size, sha256: hashes[path] as string });
    }
    const license = known.find((model) => model.id === id)?.license ?? "unknown";
    const record = { id, license, origin: { kind: "folder" as const }, folder, files, addedAt: clock().toISOString() };
    return { model: await commitFolder(store, record), how: "folder", newHashes: files.length };
  } finally {
    await lock.release();
  }
}

/** A classifier in transformers layout, as `evaluation.classifier` names it. */
async function isClipFolder(folder: string): Promise<boolean> {
  if (await isThere(join(folder, "model_index.json"))) return false;
  const config = await readJsonFile(join(folder, "config.json")).catch(() => undefined);
  return config?.json.model_type === "clip";
}

function fits(files: readonly DownloadedFile[], pins: ReadonlyMap<string, string>): boolean {
  return files.every(({ path, sha256 }) => (pins.get(path) ?? sha256) === sha256);
}

function countNew(files: readonly DownloadedFile[], pins: ReadonlyMap<string, string>): number {
  return files.filter(({ path }) => !pins.has(path)).length;
}

function usage(what: string, fix: string) {
  return loftError("usage-invalid", { what, fix });
}

function bundledName({ id, kind }: RegisteredModel) {
  const use = kind === "clip" ? `"evaluation": { "classifier": "${id}" }` : `"model": "${id}"`;
  return loftError("model-name-taken", {
    what: `${id} comes with LoFT; there is nothing to add.`,
    fix: `Use it as it is (${use}), or give a folder another name with --name.`,
  });
}

function classifierFolder(folder: string) {
  return loftError("model-config-unsupported", {
    what: `${folder} holds a CLIP model, which makes no images; it can be a classifier, and those are not added.`,
    fix: `Write its path into the configuration: "evaluation": { "classifier": ${JSON.stringify(folder)} }.`,
  });
}

function nameTaken({ id, folder: other }: StoredModel, folder: string) {
  return loftError("model-name-taken", {
    what: `The name ${id} belongs to the model in ${other}, not to ${folder}.`,
    fix: `Choose another one with --name, or run \`loft models remove ${id}\` first.`,
  });
}

function otherFiles(store: string, id: string) {
  const folder = modelFolder(store, id);
  return loftError("model-name-taken", {
    what: `${folder} is there already, and not from LoFT.`,
    fix: `If it is the model, run \`loft models add ${folder}\`; else move it away.`,
  });
}

function offline(id: string) {
  return loftError("hub-offline", {
    what: `${id} is not on this machine whole, and offline mode forbids to download it.`,
    fix: `Run \`loft models add ${id}\` without --offline and HF_HUB_OFFLINE once, or add a folder with the model.`,
  });
}
