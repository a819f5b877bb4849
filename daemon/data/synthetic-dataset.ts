/** What is known about a finished synthetic set, as plain records, and the paths its files have. Pure. */
import { isAbsolute } from "node:path";
import { compareCodePoints } from "./code-point-order.ts";

/** A class as the user calls it, and the folder of its images. */
export type ClassFolder = { readonly name: string; readonly folder: string };

/** A real photo by its name relative to the folder of photos, with forward slashes. */
export type SourcePhoto = { readonly path: string; readonly sha256: string };

/** One adapter of the fused set that made an image. */
export type AdapterUse = { readonly id: string; readonly weight: number };

/** An image that was made, with all that made it. */
export type SyntheticImage = {
  readonly classFolder: string;
  /** Counts from 1; the file is 000001.png. */
  readonly number: number;
  /** Of the PNG file. */
  readonly sha256: string;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly scheduler: string;
  readonly adapters: readonly AdapterUse[];
  /** Of adapters of one photo; those of the others are `adapterPhotos` of the dataset. */
  readonly sourcePhotos: readonly SourcePhoto[];
};

/** The model that everything was made with; `license` is a Hugging Face license id if there is one. */
export type BaseModel = { readonly name: string; readonly sha256: string; readonly license: string };

export type SyntheticDataset = {
  readonly title: string;
  /** For example "loft". */
  readonly method: string;
  /** What the method does, to be read behind a colon. */
  readonly summary: string;
  readonly baseModel: BaseModel;
  /** A Hugging Face license id for the set as a whole; "unknown" when nobody said. */
  readonly license: string;
  /** How the real photos are licensed, in words; left out when nobody said. */
  readonly photoLicense?: string;
  /** The command that makes the set again, without absolute paths. */
  readonly command: string;
  readonly loftVersion: string;
  /** Side of the square images, in pixels. */
  readonly resolution: number;
  readonly classes: readonly ClassFolder[];
  readonly images: readonly SyntheticImage[];
  /** The photos of adapters of several photos, by adapter id. */
  readonly adapterPhotos: Readonly<Record<string, readonly AdapterPhoto[]>>;
};

/** A photo of an adapter, and the folder of the images of its class. */
export type AdapterPhoto = SourcePhoto & { readonly classFolder: string };

/** Paths relative to the dataset's root. */
export const datasetPaths = {
  train: "data/train",
  metadata: "data/train/metadata.jsonl",
  classes: "data/classes.json",
  card: "README.md",
  manifest: "manifest.json",
} as const;

/** The file of an image, e.g. "data/train/cat/000001.png"; `number` counts from 1. */
export function syntheticImagePath(classFolder: string, number: number): string {
  return `${datasetPaths.train}/${imageFileName(classFolder, number)}`;
}

/** The same relative to the folder of the split, as `metadata.jsonl` wants it. */
export function imageFileName(classFolder: string, number: number): string {
  return `${classFolder}/${String(number).padStart(6, "0")}.png`;
}

/** A class with the index that torchvision's and Hugging Face's ImageFolder give it. */
export type LabeledClass = ClassFolder & { readonly index: number; readonly imageCount: number };

/**
 * The classes that have images, in code-point order of their folders: the order in which readers number the folders
 * they find. A class without images has no folder and therefore no index.
 */
export function labelClasses(dataset: Pick<SyntheticDataset, "classes" | "images">): readonly LabeledClass[] {
  const counts = new Map<string, number>();
  for (const { classFolder } of dataset.images) counts.set(classFolder, (counts.get(classFolder) ?? 0) + 1);
  return dataset.classes
    .filter(({ folder }) => counts.has(folder))
    .sort((left, right) => compareCodePoints(left.folder, right.folder))
    .map(({ name, folder }, index) => ({ index, name, folder, imageCount: counts.get(folder) ?? 0 }));
}

/** The images in the order of their files. */
export function sortedImages(images: readonly SyntheticImage[]): readonly SyntheticImage[] {
  return [...images].sort(
    (left, right) => compareCodePoints(left.classFolder, right.classFolder) || left.number - right.number,
  );
}

/** Guard of our own promises: known folders, one record a file, and no path that leads out of the set. */
export function checkDataset(dataset: SyntheticDataset): void {
  const folders = new Set(dataset.classes.map(({ folder }) => folder));
  const files = new Set<string>();
  checkPhotos(Object.values(dataset.adapterPhotos).flat());
  for (const { classFolder, number, sourcePhotos } of dataset.images) {
    const file = imageFileName(classFolder, number);
    if (!folders.has(classFolder)) throw new Error(`checkDataset: ${file} has no class`);
    if (files.has(file)) throw new Error(`checkDataset: ${file} twice`);
    files.add(file);
    checkPhotos(sourcePhotos);
  }
  const badFolder = [...folders].find((folder) => folder === "" || folder.includes("/") || leadsOutside(folder));
  if (badFolder !== undefined) throw new Error(`checkDataset: class folder ${JSON.stringify(badFolder)}`);
}

function checkPhotos(photos: readonly SourcePhoto[]): void {
  const outside = photos.find(({ path }) => leadsOutside(path));
  if (outside !== undefined) throw new Error(`checkDataset: ${outside.path} is not relative`);
}

function leadsOutside(path: string): boolean {
  return isAbsolute(path) || /^[A-Za-z]:[\\/]|^\\/.test(path) || path.split(/[\\/]/).includes("..");
}
