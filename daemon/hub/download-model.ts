/** A model's files from the first of its sources that gives them, every file checked, into a folder that nothing else uses. */
import { mkdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { DownloadEvent } from "../../schemas/download-event.ts";
import { writeError } from "../base/atomic-file.ts";
import { type ErrorCode, LoftError, loftError } from "../base/errors.ts";
import { chooseFiles, type Variant } from "./choose-files.ts";
import { downloadFile, incompleteSuffix } from "./download-file.ts";
import { checkFile } from "./file-check.ts";
import type { HubConnection } from "./hub-request.ts";
import type { HubSource } from "./known-downloads.ts";
import { type HubFile, type HubListing, listRepository } from "./list-repository.ts";
import { withRetries } from "./retry.ts";
import { transferRate } from "./transfer-rate.ts";

export type ModelDownload = {
  readonly connection: HubConnection;
  /** The model's name, for events and errors. */
  readonly id: string;
  /** In the order in which they are tried. */
  readonly sources: readonly HubSource[];
  readonly variant: Variant | "preferred";
  /** SHA-256 that files must have, by path. */
  readonly pins: ReadonlyMap<string, string>;
  /** Where the files go; what an interrupted download left there is used. */
  readonly folder: string;
  readonly emit: (event: DownloadEvent) => void;
  /** Seconds, any origin. */
  readonly now: () => number;
};

export type DownloadedFile = { readonly path: string; readonly bytes: number; readonly sha256: string };

export type DownloadedModel = {
  readonly repository: string;
  /** The commit. */
  readonly revision: string;
  readonly variant: Variant;
  readonly license: string | undefined;
  readonly files: readonly DownloadedFile[];
};

/** What one source does wrong another may do right. An unreachable server is not among it: all sources are on one. */
const sourceCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "hub-not-found",
  "hub-access-denied",
  "hub-answer-invalid",
  "hub-failing",
  "model-hash-mismatch",
  "model-config-unsupported",
  "model-weights-unsupported",
]);

const secondsBetweenEvents = 0.25;

/**
 * Download a model.
 * @throws LoftError of the source when there is one or all failed alike, else "download-failed" that lists them;
 *   "disk-full", "output-unwritable"; the signal's reason when it is aborted
 */
export async function downloadModel(download: ModelDownload): Promise<DownloadedModel> {
  const failures: { readonly repository: string; readonly error: LoftError }[] = [];
  for (const { repository, revision } of download.sources) {
    try {
      return await downloadFrom(download, repository, revision ?? "main");
    } catch (error) {
      if (!(error instanceof LoftError) || !sourceCodes.has(error.code)) throw error;
      failures.push({ repository, error });
      const { code, what } = error;
      download.emit({ type: "download-source-failed", repository, code, what });
    }
  }
  throw allFailed(download.id, failures);
}

async function downloadFrom(download: ModelDownload, repository: string, revision: string): Promise<DownloadedModel> {
  const { connection, id, emit } = download;
  // A server that does not even list its files is given up sooner than one that has begun to send them.
  const patience = { ...connection, retryDelays: connection.retryDelays.slice(0, 3) };
  const listing = await withRetries({ connection: patience, emit }, () =>
    listRepository(connection, repository, revision),
  );
  const { variant, files } = chooseFiles(listing, download.variant);
  for (const file of files) checkPin(download, listing, file);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  emit({
    type: "download-started",
    model: id,
    ...{ repository, revision: listing.revision, variant, files: files.length, bytes },
  });
  const done = await fetchFiles(download, listing, files);
  return { repository, revision: listing.revision, variant, license: listing.license, files: done };
}

/** Small files first: they tell soonest what is wrong with a source. */
async function fetchFiles(
  download: ModelDownload,
  { repository, revision }: HubListing,
  files: readonly HubFile[],
): Promise<readonly DownloadedFile[]> {
  const { connection, folder, emit } = download;
  const there = new Map<string, DownloadedFile>();
  for (const file of files) {
    const checked = await checkFile(join(folder, file.path), file);
    connection.signal.throwIfAborted();
    if (checked !== undefined) there.set(file.path, { path: file.path, bytes: file.bytes, sha256: checked.sha256 });
  }
  const missing = files.filter(({ path }) => !there.has(path)).sort((left, right) => left.bytes - right.bytes);
  await assertRoom(folder, missing);
  const progress = progressOf(download, files, [...there.values()]);
  for (const file of missing) {
    const encoded = file.path.split("/").map(encodeURIComponent).join("/");
    const address = `${connection.endpoint}/${repository}/resolve/${revision}/${encoded}`;
    const { sha256 } = await downloadFile({
      ...{ connection, address, file, emit, target: join(folder, file.path) },
      progress: (bytesThere) => progress(file, bytesThere),
    });
    const { path, bytes } = file;
    checkDigest(download, repository, path, sha256);
    there.set(path, { path, bytes, sha256 });
    emit({ type: "download-file-finished", path, bytes, sha256 });
  }
  return files.map(({ path }) => there.get(path) as DownloadedFile);
}

/** Events about the sum of all files, a few per second. */
function progressOf(
  { emit, now }: ModelDownload,
  files: readonly HubFile[],
  finished: readonly DownloadedFile[],
): (file: HubFile, bytesThere: number) => void {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const perFile = new Map(finished.map((file) => [file.path, file.bytes]));
  const rate = transferRate(now);
  let toldAt = Number.NEGATIVE_INFINITY;
  return ({ path }, bytesThere) => {
    perFile.set(path, bytesThere);
    const bytesDone = [...perFile.values()].reduce((sum, count) => sum + count, 0);
    rate.note(bytesDone);
    if (now() - toldAt < secondsBetweenEvents && bytesDone < bytes) return;
    toldAt = now();
    const bytesPerSecond = rate.bytesPerSecond();
    const isKnown = bytesPerSecond !== undefined && 0 < bytesPerSecond;
    const pace = isKnown ? { bytesPerSecond, secondsLeft: (bytes - bytesDone) / bytesPerSecond } : {};
    emit({ type: "download-progress", path, bytesDone, bytes, ...pace });
  };
}

/** A hash that is recorded must be the server's before anything is downloaded, as far as the server says one. */
function checkPin(download: ModelDownload, { repository }: HubListing, { path, sha256 }: HubFile): void {
  if (sha256 !== undefined) checkDigest(download, repository, path, sha256);
}

function checkDigest({ pins, id }: ModelDownload, repository: string, path: string, sha256: string): void {
  const pin = pins.get(path);
  if (pin === undefined || pin === sha256) return;
  throw loftError("model-hash-mismatch", {
    what: `${path} in ${repository} is not the file that is recorded for ${id}: its SHA-256 begins with ${sha256.slice(0, 12)}, not with ${pin.slice(0, 12)}.`,
    fix: "Use another source, or ask the repository's owner what was changed; --revision takes an earlier commit.",
  });
}

/**
 * Whether the files that are missing have room on the disk; what lies there of them counts as room.
 * @throws LoftError "disk-full"
 */
async function assertRoom(folder: string, missing: readonly HubFile[]): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(error, folder);
  });
  const space = await statfs(folder).catch(() => undefined);
  if (space === undefined) return;
  let needed = 0;
  for (const { path, bytes } of missing) needed += bytes - (await partialBytes(join(folder, path)));
  const free = space.bavail * space.bsize;
  if (needed <= free) return;
  const gigabytes = (count: number) => `${(count / 1e9).toFixed(1)} GB`;
  throw loftError("disk-full", {
    what: `The model needs ${gigabytes(needed)} more in ${folder}; ${gigabytes(free)} are free.`,
    fix: "Free some space, or set LOFT_MODELS to a folder on a larger disk, and run the same command again.",
  });
}

async function partialBytes(target: string): Promise<number> {
  return (await stat(`${target}${incompleteSuffix}`).catch(() => undefined))?.size ?? 0;
}

function allFailed(id: string, failures: readonly { readonly repository: string; readonly error: LoftError }[]) {
  const [first] = failures;
  const alike = failures.every(({ error }) => error.code === first?.error.code);
  if (first !== undefined && failures.length === 1) return first.error;
  const list = failures.map(({ repository, error }) => `${repository}: ${error.what}`).join(" ");
  return loftError(alike && first !== undefined ? first.error.code : "download-failed", {
    what: `None of the ${failures.length} sources gives ${id}. ${list}`,
    fix: `${first?.error.fix ?? "Run the same command again later."} A folder with the model works as well: \`loft models add FOLDER\`.`,
  });
}
