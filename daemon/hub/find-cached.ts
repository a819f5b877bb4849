/** Models that Python's tools have downloaded already: Hugging Face's cache, read and never changed. */
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { LoftError } from "../base/errors.ts";
import { readModelFolder } from "../checkpoint/diffusers-folder.ts";
import type { Variant } from "./choose-files.ts";
import type { DownloadedFile } from "./download-model.ts";
import { checkFile } from "./file-check.ts";
import { isCommit, isSha256 } from "./hub-names.ts";
import type { HubSource } from "./known-downloads.ts";

export type CachedModel = {
  readonly repository: string;
  readonly revision: string;
  readonly variant: Variant;
  /** The snapshot. */
  readonly folder: string;
  readonly files: readonly DownloadedFile[];
};

/**
 * The first source whose snapshot in the cache is complete and whose files are what their names say: the cache names
 * each file by its hash (huggingface_hub, "Understand caching": models--OWNER--NAME/{blobs,refs,snapshots}).
 * @param wanted undefined takes the variant that is there
 */
export async function findCached(
  cacheFolder: string,
  sources: readonly HubSource[],
  wanted: Variant | undefined,
): Promise<CachedModel | undefined> {
  for (const { repository, revision } of sources) {
    const place = join(cacheFolder, `models--${repository.replace("/", "--")}`);
    const commit = isCommit(revision) ? revision : await readReference(place, revision ?? "main");
    if (commit === undefined) continue;
    const folder = join(place, "snapshots", commit);
    const paths = await modelFiles(folder);
    if (paths === undefined) continue;
    const variant = paths.some((path) => path.includes(".fp16.")) ? "fp16" : "full";
    if (wanted !== undefined && wanted !== variant) continue;
    const files = await checkAll(folder, paths);
    if (files !== undefined) return { repository, revision: commit, variant, folder, files };
  }
  return undefined;
}

async function readReference(place: string, revision: string): Promise<string | undefined> {
  const text = await readFile(join(place, "refs", revision), "utf8").catch(() => "");
  return isCommit(text.trim()) ? text.trim() : undefined;
}

/** The files that the model would be read from; undefined when it is not complete. */
async function modelFiles(folder: string): Promise<readonly string[] | undefined> {
  try {
    return (await readModelFolder(folder)).files;
  } catch (error) {
    if (error instanceof LoftError) return undefined;
    throw error;
  }
}

async function checkAll(folder: string, paths: readonly string[]): Promise<readonly DownloadedFile[] | undefined> {
  const files: DownloadedFile[] = [];
  for (const path of paths) {
    const real = await realpath(join(folder, path)).catch(() => undefined);
    const name = real === undefined ? "" : basename(real);
    const hash = isSha256(name) ? { sha256: name } : isCommit(name) ? { gitHash: name } : undefined;
    if (real === undefined || hash === undefined) return undefined;
    const { size } = await stat(real);
    const checked = await checkFile(real, { bytes: size, ...hash });
    if (checked === undefined) return undefined;
    files.push({ path, bytes: size, sha256: checked.sha256 });
  }
  return files;
}
