/** The content hash of a model folder: what the files say, not where they lie or when they were written. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { readError } from "../base/file-errors.ts";
import { hashOf } from "../base/hash.ts";
import type { ModelFolder } from "./diffusers-folder.ts";

/** Hashes already made, by real path, size and time of change; kept by the caller, in memory only. */
export type HashCache = Map<string, string>;

export type ModelHash = {
  /** SHA-256 over all names and hashes. */
  readonly hash: string;
  /** SHA-256 of each file, by path relative to the folder. */
  readonly files: Readonly<Record<string, string>>;
};

/**
 * Hash the files that a model's results depend on.
 * @param cache pass the same map again to hash only what changed since
 * @throws LoftError "file-vanished" or "file-unreadable" when a file goes away meanwhile
 */
export async function hashModelFolder(
  model: Pick<ModelFolder, "path" | "files">,
  cache: HashCache = new Map(),
): Promise<ModelHash> {
  const files: Record<string, string> = {};
  for (const name of model.files) files[name] = await hashFile(join(model.path, name), cache);
  return { hash: hashOf(files), files };
}

/** SHA-256 of a file's bytes, read as a stream. Throws as hashModelFolder. */
export async function hashFile(path: string, cache: HashCache = new Map()): Promise<string> {
  try {
    const real = await realpath(path);
    const { size, mtimeNs } = await stat(real, { bigint: true });
    const key = `${real}\n${size}\n${mtimeNs}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const hash = createHash("sha256");
    await pipeline(createReadStream(real, { highWaterMark: 1 << 20 }), hash);
    const digest = hash.digest("hex");
    cache.set(key, digest);
    return digest;
  } catch (cause) {
    throw readError(cause, path);
  }
}
