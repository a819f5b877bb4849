/** A synthetic set on disk: images one by one as they are made, and the files that describe them at the end. */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { fileErrorCode, readError } from "../base/file-errors.ts";
import { sha256 } from "../base/hash.ts";
import { datasetCard } from "./dataset-card.ts";
import { manifestText } from "./manifest.ts";
import { metadataText } from "./metadata-lines.ts";
import {
  checkDataset,
  datasetPaths,
  labelClasses,
  type SyntheticDataset,
  syntheticImagePath,
} from "./synthetic-dataset.ts";

/** A file of the set: its path relative to the root, and what it must be. */
export type WrittenFile = { readonly file: string; readonly bytes: number; readonly sha256: string };

/**
 * Write one image under `root`, whole or not at all; `number` counts from 1.
 * @throws LoftError "disk-full", "output-unwritable"
 */
export async function writeSyntheticImage(
  root: string,
  image: { readonly classFolder: string; readonly number: number },
  png: Uint8Array,
): Promise<WrittenFile> {
  const file = syntheticImagePath(image.classFolder, image.number);
  await writeFileAtomic(join(root, file), png);
  return { file, bytes: png.length, sha256: sha256(png) };
}

/**
 * Write everything that describes the images under `root`: metadata.jsonl, classes.json, the card and, last, the
 * manifest. Images must be there already. The same dataset gives the same bytes, apart from what the user added to the
 * card. May be repeated, for example for a set that has grown.
 * @throws LoftError "file-vanished" when an image is gone; "file-unreadable", "disk-full", "output-unwritable"
 */
export async function writeSyntheticFolder(root: string, dataset: SyntheticDataset): Promise<void> {
  checkDataset(dataset);
  await checkImagesAreThere(root, dataset);
  const texts: readonly (readonly [string, string])[] = [
    [datasetPaths.metadata, metadataText(dataset)],
    [datasetPaths.classes, classesText(dataset)],
    [datasetPaths.card, datasetCard(dataset, await readCard(root))],
  ];
  for (const [file, text] of texts) await writeFileAtomic(join(root, file), text);
  const hashes = Object.fromEntries(texts.map(([file, text]) => [file, sha256(text)]));
  await writeFileAtomic(join(root, datasetPaths.manifest), manifestText(dataset, hashes));
}

/** Index, true name and folder of each class, in the order of the indices. */
function classesText(dataset: SyntheticDataset): string {
  const lines = labelClasses(dataset).map(({ index, name, folder }) => `  ${JSON.stringify({ index, name, folder })}`);
  return `[\n${lines.join(",\n")}\n]\n`;
}

async function checkImagesAreThere(root: string, dataset: SyntheticDataset): Promise<void> {
  for (const { classFolder, number } of dataset.images) {
    const file = join(root, syntheticImagePath(classFolder, number));
    await access(file).catch((error: unknown) => {
      throw readError(error, file);
    });
  }
}

async function readCard(root: string): Promise<string | undefined> {
  const file = join(root, datasetPaths.card);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return undefined;
    throw readError(error, file);
  }
}
