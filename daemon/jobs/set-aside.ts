/** Keeps the dataset folder to what its files describe: whatever else has the name of an image is moved out of it. */
import { mkdir, readdir, rename, rmdir } from "node:fs/promises";
import { dirname, posix } from "node:path";
import { writeError } from "../base/atomic-file.ts";
import { fileErrorCode } from "../base/file-errors.ts";
import { datasetPaths } from "../data/synthetic-dataset.ts";
import { inRun, runPaths } from "./run-folder.ts";

/**
 * Move images of an earlier configuration out of the dataset: readers of image folders would take them, and a class
 * folder that is no class any more would move the labels of all classes after it.
 * @param described the images that stay, relative to the run folder
 * @returns how many were moved to `.loft/set-aside`
 */
export async function setAsideOthers(root: string, described: ReadonlySet<string>): Promise<number> {
  let moved = 0;
  for (const file of await imageFiles(root)) {
    if (described.has(file)) continue;
    await move(root, file);
    moved += 1;
  }
  return moved;
}

/** All files of `data/train/CLASS/` that are named as images are. */
async function imageFiles(root: string): Promise<string[]> {
  const folders = await names(inRun(root, datasetPaths.train));
  const files: string[] = [];
  for (const folder of folders) {
    const own = await names(inRun(root, posix.join(datasetPaths.train, folder)));
    for (const name of own) if (/^\d{6,}\.png$/.test(name)) files.push(posix.join(datasetPaths.train, folder, name));
  }
  return files;
}

async function move(root: string, file: string): Promise<void> {
  const target = inRun(root, posix.join(runPaths.setAside, posix.relative(datasetPaths.train, file)));
  try {
    await mkdir(dirname(target), { recursive: true });
    await rename(inRun(root, file), target);
    // Readers refuse a class folder without images; one that still holds something is the user's affair.
    await rmdir(dirname(inRun(root, file))).catch(() => undefined);
  } catch (error) {
    throw writeError(error, target);
  }
}

/** Names in a folder; none when it is not there or is a file. */
async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(fileErrorCode(error) ?? "")) return [];
    throw error;
  });
}
