/** Whether the bytes of a file are the ones a server promised. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { readError } from "../base/file-errors.ts";
import { hashFile } from "../checkpoint/model-hash.ts";
import type { HubFile } from "./list-repository.ts";

/** A file that was read and found to be what it should be. */
export type CheckedFile = { readonly sha256: string };

/**
 * Compare size and hash; the file is read once for each kind of hash.
 * @returns undefined when it differs or is not there
 * @throws LoftError "file-unreadable", "file-vanished"
 */
export async function checkFile(path: string, wanted: Omit<HubFile, "path">): Promise<CheckedFile | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size !== wanted.bytes) return undefined;
  if (wanted.gitHash !== undefined && (await gitHashOf(path, found.size)) !== wanted.gitHash) return undefined;
  const sha256 = await hashFile(path);
  return wanted.sha256 === undefined || wanted.sha256 === sha256 ? { sha256 } : undefined;
}

/** Git's name of a file's content: SHA-1 of "blob SIZE\0" and the content (Pro Git, 10.2). */
async function gitHashOf(path: string, bytes: number): Promise<string> {
  const hash = createHash("sha1").update(`blob ${bytes}\0`);
  try {
    await pipeline(createReadStream(path), hash);
  } catch (cause) {
    throw readError(cause, path);
  }
  return hash.digest("hex");
}
