/** Where the pictures of results lie, read from pictures.json beside them. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ResultsPictures } from "../../schemas/results-pictures.ts";
import { type Check, isEither, isList, isNull, isObject, isRelativePath, isText } from "../../webviews/shared/check.ts";

/** All paths absolute. */
export type PicturePlaces = {
  readonly runFolder: string;
  readonly photos: string | undefined;
  readonly test: string | undefined;
  readonly classes: ResultsPictures["classes"];
  readonly methods: readonly { readonly method: string; readonly folder: string }[];
};

/** A path that leaves the run folder upward first, if at all, and has no drive and no control characters. */
const isPlace: Check<string> = (value): value is string => {
  if (!isText(value)) return false;
  const below = value.replace(/^(\.\.\/)*(\.\.)?/, "");
  return below === "" || isRelativePath(below);
};

/** One name: a class folder. */
const isFolderName: Check<string> = (value): value is string => isRelativePath(value) && !value.includes("/");

const isPictures = isObject<Omit<ResultsPictures, "formatVersion"> & { readonly formatVersion: number }>({
  formatVersion: (value): value is number => value === 1,
  photos: isEither(isPlace, isNull),
  test: isEither(isPlace, isNull),
  classes: isList(
    isObject<ResultsPictures["classes"][number]>({
      name: isText,
      folder: isFolderName,
      photos: isList(isRelativePath),
    }),
  ),
  methods: isList(isObject<ResultsPictures["methods"][number]>({ method: isText, folder: isPlace })),
});

/** Undefined where there is none that fits: results of an older version, or moved away from their run. */
export async function readPicturePlaces(resultsFile: string): Promise<PicturePlaces | undefined> {
  const folder = dirname(resultsFile);
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, "pictures.json"), "utf8"));
    return isPictures(value) ? placesIn(dirname(folder), value) : undefined;
  } catch {
    return undefined;
  }
}

type Pictures = Omit<ResultsPictures, "formatVersion">;

function placesIn(runFolder: string, { photos, test, classes, methods }: Pictures): PicturePlaces {
  const placeOf = (path: string | null): string | undefined => (path === null ? undefined : resolve(runFolder, path));
  return {
    runFolder,
    photos: placeOf(photos),
    test: placeOf(test),
    classes,
    methods: methods.map(({ method, folder }) => ({ method, folder: resolve(runFolder, folder) })),
  };
}

/** A method's images of a class, as files in `folder` of the run that made them, in the order of their numbers. */
export async function imagesOf(folder: string, classFolder: string): Promise<readonly string[]> {
  const place = `data/train/${classFolder}`;
  const names = await readdir(join(folder, ...place.split("/"))).catch(() => []);
  return names
    .filter((name) => /^\d{6,12}\.png$/.test(name))
    .sort()
    .map((name) => `${place}/${name}`);
}
