/** The contact sheet of a run: per class the real photos, then synthetic images with their parents beside them. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { loftError } from "../base/errors.ts";
import { encodeContactSheet } from "../data/contact-sheet.ts";
import { readPicture } from "../data/image-file.ts";
import type { Picture } from "../data/picture.ts";
import { type SheetClass, type SheetImage, sheetCapacity } from "../data/sheet-layout.ts";
import { inRun, photoFile, runPaths } from "./run-folder.ts";

/** The part of manifest.json that a sheet needs. */
type ManifestImage = {
  readonly file: string;
  readonly class: string;
  readonly adapters: readonly { readonly id: string; readonly weight: number }[];
  readonly photos: readonly { readonly sha256: string }[];
};
type Manifest = {
  readonly baseModel: { readonly name: string };
  readonly images: readonly ManifestImage[];
  /** Adapters of several photos, by id; of loft there are none. */
  readonly adapters?: Readonly<
    Record<string, { readonly photos: readonly { readonly sha256: string; readonly classFolder: string }[] }>
  >;
};

/**
 * Draw a finished run.
 * @param imagesPerClass at most so many synthetic images of each class
 * @throws LoftError "run-damaged" when the run has no dataset yet, "file-vanished" when one of its pictures is gone
 */
export async function drawSheet(root: string, imagesPerClass: number): Promise<Uint8Array> {
  const { images, baseModel, adapters = {} } = await readManifest(root);
  const classes = new Map<string, ManifestImage[]>();
  for (const image of images) classes.set(image.class, [...(classes.get(image.class) ?? []), image]);
  const load = pictureLoader(root);
  const drawn: SheetClass[] = [];
  for (const [name, own] of classes) {
    const photos = [...new Set([...photosOf(own), ...adapterPhotos(own, adapters)])];
    drawn.push(await sheetClass(load, { name, photos, images: own }, imagesPerClass));
  }
  return encodeContactSheet({
    title: basename(root),
    subtitle: `${images.length} synthetic images, made with ${baseModel.name}`,
    classes: drawn,
  });
}

type Load = (file: string) => Promise<Picture>;

/** Reads each picture once: photos are the parents of many images. */
function pictureLoader(root: string): Load {
  const pictures = new Map<string, Promise<Picture>>();
  return (file) => {
    const picture = pictures.get(file) ?? readPicture(inRun(root, file));
    pictures.set(file, picture);
    return picture;
  };
}

/** The files of the photos behind images of one class, whose adapters have one photo each. */
function photosOf(images: readonly ManifestImage[]): readonly string[] {
  const classFolder = classFolderOf(images);
  return images.flatMap(({ photos }) => photos.map(({ sha256 }) => photoFile(classFolder, sha256)));
}

/** Those of the class among the photos of larger adapters. */
function adapterPhotos(images: readonly ManifestImage[], adapters: NonNullable<Manifest["adapters"]>) {
  const classFolder = classFolderOf(images);
  const used = new Set(images.flatMap((image) => image.adapters.map(({ id }) => id)));
  const photos = [...used].flatMap((id) => adapters[id]?.photos ?? []);
  return photos
    .filter((photo) => photo.classFolder === classFolder)
    .map(({ sha256 }) => photoFile(classFolder, sha256));
}

function classFolderOf([first]: readonly ManifestImage[]): string {
  return first!.file.split("/").at(-2)!;
}

type ClassPictures = {
  readonly name: string;
  readonly photos: readonly string[];
  readonly images: readonly ManifestImage[];
};

async function sheetClass(
  load: Load,
  { name, photos: photoFiles, images }: ClassPictures,
  limit: number,
): Promise<SheetClass> {
  const classFolder = classFolderOf(images);
  const first = await load(images[0]!.file);
  const capacity = sheetCapacity(first.width, images[0]!.photos.length);
  const photos = await Promise.all(
    photoFiles.slice(0, capacity.photos).map(async (file) => ({ picture: await load(file) })),
  );
  const shown = images.slice(0, Math.min(limit, capacity.images));
  const sheetImages = await Promise.all(shown.map((image) => sheetImage(load, classFolder, image)));
  return { name, photos, photoCount: photoFiles.length, images: sheetImages, imageCount: images.length };
}

async function sheetImage(
  load: Load,
  classFolder: string,
  { file, adapters, photos }: ManifestImage,
): Promise<SheetImage> {
  const parents = photos.map(async ({ sha256 }, index) => ({
    picture: await load(photoFile(classFolder, sha256)),
    weight: adapters[index]!.weight,
  }));
  const label = file.slice(file.lastIndexOf("/") + 1, -".png".length);
  return { picture: await load(file), label, parents: await Promise.all(parents) };
}

async function readManifest(root: string): Promise<Manifest> {
  try {
    const manifest = JSON.parse(await readFile(inRun(root, runPaths.manifest), "utf8")) as Manifest;
    if (0 < manifest.images.length) return manifest;
    throw new Error("it lists no images");
  } catch (cause) {
    throw loftError("run-damaged", {
      what: `${root} has no finished dataset: its ${runPaths.manifest} cannot be read.`,
      fix: "Give the folder of a run that `loft generate` finished.",
      cause,
    });
  }
}
