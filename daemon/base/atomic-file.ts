/**
 * Whole files or none: written beside the target, synced to the disk, then renamed. A kill at any moment leaves the
 * old file or the new one, and at worst a hidden temporary file that `removeTornFiles` takes away.
 */
import { mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type LoftError, loftError } from "./errors.ts";
import { fileErrorCode } from "./file-errors.ts";

/** The end of a temporary file's name; it starts with a dot, so that no dataset reader takes it for an image. */
const temporarySuffix = ".loft-tmp";

/** What a file is to hold: in one piece, or piece by piece as it is made. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Replace `file` by `content` in one step; folders on the way are made. What making the content throws comes through.
 * @throws LoftError "disk-full" or "output-unwritable"
 */
export async function writeFileAtomic(file: string, content: FileContent): Promise<void> {
  // A name has 255 bytes at most, and a character up to three.
  const temporary = join(dirname(file), `.${basename(file).slice(0, 70)}.${process.pid}${temporarySuffix}`);
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeSynced(temporary, content);
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(error, file);
  }
}

/** `writeFileAtomic` of a value as indented JSON with a newline at the end. */
export async function writeJsonAtomic(file: string, value: unknown): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Remove what killed processes left half-written in `folder`. Only the one writer of the folder may call this.
 * @param depth whether folders in it are looked through, too
 */
export async function removeTornFiles(folder: string, depth: "all" | "first" = "all"): Promise<void> {
  const paths = await readdir(folder, { recursive: depth === "all" }).catch(() => []);
  for (const path of paths) {
    const name = basename(path);
    if (name.startsWith(".") && name.endsWith(temporarySuffix)) await rm(join(folder, path), { force: true });
  }
}

/** The user's side of a failed write: what to do about it. Errors that are no file errors come back unchanged. */
export function writeError(error: unknown, file: string): LoftError | unknown {
  const code = fileErrorCode(error);
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return loftError("disk-full", {
        what: `There is no room left on the disk to write ${file}.`,
        fix: "Free some space and run the same command again: finished work is kept and not done again.",
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
    case "EEXIST":
    case "EISDIR":
      return loftError("output-unwritable", {
        what: `${file} cannot be written (${code}).`,
        fix: "Make the folder writable, or choose another one with --output.",
        cause: error,
      });
    default:
      return error;
  }
}

async function writeSynced(file: string, content: FileContent): Promise<void> {
  const handle = await open(file, "w");
  try {
    await writeFile(handle, content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the rename itself survive a power cut. Windows cannot open folders, and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch {
    // Some network file systems refuse to sync a folder; the file itself is safe.
  } finally {
    await handle.close();
  }
}
