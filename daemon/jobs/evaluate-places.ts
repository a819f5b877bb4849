/**
 * `pictures.json` of an evaluation: where its pictures lie, for those who show them beside the results. All paths are
 * relative to the run folder, with forward slashes, so that photos and runs can be moved together.
 */
import { isAbsolute, join, relative, sep } from "node:path";
import type { ResultsPictures } from "../../schemas/results-pictures.ts";
import { writeJsonAtomic } from "../base/atomic-file.ts";
import type { Dataset } from "../pipeline/dataset.ts";
import { picturesFile } from "./evaluate-files.ts";

export type PicturePlaces = {
  /** The run folder; absolute, as the others. */
  readonly root: string;
  readonly dataFolder: string;
  readonly testFolder: string;
  readonly dataset: Dataset;
  readonly methods: readonly { readonly method: string; readonly root: string }[];
};

/** Write it into the folder of the evaluation. Throws as `writeJsonAtomic`. */
export async function writePicturePlaces(folder: string, places: PicturePlaces): Promise<void> {
  await writeJsonAtomic(join(folder, picturesFile), picturePlaces(places));
}

/** Its content (pure). A folder on another drive has no relative path, and is left out. */
export function picturePlaces({ root, dataFolder, testFolder, dataset, methods }: PicturePlaces): ResultsPictures {
  const placeOf = (folder: string) => {
    const path = relative(root, folder);
    return isAbsolute(path) ? null : path.split(sep).join("/");
  };
  return {
    formatVersion: 1,
    photos: placeOf(dataFolder),
    test: placeOf(testFolder),
    classes: dataset.classes.map(({ className, outputFolder, photos }) => ({
      name: className,
      folder: outputFolder,
      photos: photos.map(({ path }) => path),
    })),
    methods: methods.map(({ method, root: own }) => ({ method, folder: placeOf(own) ?? "" })),
  };
}
