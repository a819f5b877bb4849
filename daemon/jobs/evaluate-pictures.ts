/** The pictures of an evaluation: test and validation folders matched with the run's classes. */
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { counted } from "../base/counted.ts";
import { loftError } from "../base/errors.ts";
import { closest } from "../config/suggest.ts";
import { type FewShotFolder, readFewShotFolder } from "../data/few-shot-folder.ts";
import { readPicture } from "../data/image-file.ts";
import type { Picture } from "../data/picture.ts";
import { bicubic, resizeWindow } from "../data/resample.ts";
import type { Dataset } from "../pipeline/dataset.ts";

/** A picture on disk. `name` is its path in its folder, with forward slashes. */
export type EvaluationPicture = {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  readonly label: number;
};

/** A warning of an evaluation; it is shown, and kept in the results. */
export type EvaluationWarning = { readonly what: string; readonly fix: string };

export type PictureFolder = {
  readonly pictures: readonly EvaluationPicture[];
  readonly warnings: readonly EvaluationWarning[];
};

/** The run's own photos. */
export function datasetPictures(dataset: Dataset, dataFolder: string): readonly EvaluationPicture[] {
  return dataset.classes.flatMap(({ photos }, label) =>
    photos.map(({ path, sha256 }) => ({ name: path, file: join(dataFolder, ...path.split("/")), sha256, label })),
  );
}

/**
 * Read a folder of test or validation pictures; its class folders are called as those of the photos, or as the classes.
 * @param field what the configuration calls it, for messages
 * @throws LoftError "config-invalid" when its classes are not those of the run, "data-folder-missing",
 *   "data-folder-layout", "data-folder-empty"
 */
export async function readLabeledFolder(folder: string, field: string, dataset: Dataset): Promise<PictureFolder> {
  const found = await readFewShotFolder(folder);
  const { classes } = dataset;
  const labels = labelsByName(dataset);
  const labelOf = (name: string) => labels.get(name.normalize("NFC"));
  const unknown = found.classes.find((one) => labelOf(one.folder) === undefined);
  if (unknown !== undefined) throw unknownLabel(unknown.folder, field, dataset);
  const pictures = found.classes.flatMap(({ folder: name, photos }) => {
    const label = labelOf(name)!;
    return photos.map(({ path, sha256 }) => ({ name: path, file: join(folder, ...path.split("/")), sha256, label }));
  });
  const there = new Set(pictures.map(({ label }) => label));
  const missing = classes.filter((_, label) => !there.has(label));
  if (0 < missing.length) throw missingLabels(missing, field, found);
  return { pictures, warnings: problemWarnings(found, field) };
}

/** Where one class is called as another's folder, the folder counts. */
function labelsByName({ classes }: Dataset): ReadonlyMap<string, number> {
  const named = (name: keyof Pick<Dataset["classes"][number], "className" | "folder">) =>
    classes.map((one, label) => [one[name].normalize("NFC"), label] as const);
  return new Map([...named("className"), ...named("folder")]);
}

function unknownLabel(name: string, field: string, { classes }: Dataset) {
  const names = classes.flatMap(({ folder }) => [folder]);
  const meant = closest(name, names);
  return loftError("config-invalid", {
    what: `${field} has a folder "${name}", and the run has no such class.`,
    fix: `${meant === undefined ? `The classes are ${names.join(", ")}.` : `Did you mean "${meant}"?`} Name the folders of both alike, or remove the surplus one.`,
  });
}

function missingLabels(missing: Dataset["classes"], field: string, { problems }: FewShotFolder) {
  const names = missing.map(({ folder }) => `"${folder}"`).join(", ");
  const reason = problems.find(({ path }) => missing.some(({ folder }) => path.startsWith(folder)));
  return loftError("data-folder-empty", {
    what: `${field} has no usable picture of ${names}.${reason === undefined ? "" : ` ${reason.path}: ${reason.message}`}`,
    fix: "Add pictures of every class: without them nothing can be said of it.",
  });
}

/** One warning for all files with the same problem: a folder may have hundreds of copies. */
function problemWarnings({ problems }: FewShotFolder, field: string): readonly EvaluationWarning[] {
  const groups = new Map<string, (typeof problems)[number][]>();
  for (const problem of problems) groups.set(problem.code, [...(groups.get(problem.code) ?? []), problem]);
  groups.delete("class-single");
  return [...groups.values()].map((alike) => {
    const [{ path, message, effect, fix }] = alike as [(typeof problems)[number]];
    const more = alike.length === 1 ? undefined : `${counted(alike.length - 1, "more file")} like it`;
    const leftOut = more === undefined ? " It is left out." : ` It and ${more} are left out.`;
    const noted = more === undefined ? "" : ` There ${alike.length === 2 ? "is" : "are"} ${more}.`;
    return { what: `${field}: ${path}: ${message}${effect === "left-out" ? leftOut : noted}`, fix };
  });
}

/**
 * Folders that must not be one: a classifier would be chosen, or trained, with what it is judged on.
 * @throws LoftError "config-invalid"
 */
export async function refuseSharedFolders(folders: Readonly<Record<string, string>>): Promise<void> {
  const places = new Map<string, string>();
  for (const [field, folder] of Object.entries(folders)) {
    const place = await realpath(folder).catch(() => folder);
    const other = places.get(place);
    if (other !== undefined) {
      throw loftError("config-invalid", {
        what: `${other} and ${field} are the same folder, ${folder}.`,
        fix: "Keep test pictures apart: what a classifier learns from or is chosen with must not judge it.",
      });
    }
    places.set(place, field);
  }
}

/**
 * A picture for training; large ones are made smaller first, their short side 8/7 of `side` (256 px for 224), so that
 * many fit into memory.
 */
export async function readTrainingPicture(file: string, side: number): Promise<Picture> {
  const picture = await readPicture(file);
  const short = Math.min(picture.width, picture.height);
  const wanted = Math.ceil((side * 8) / 7);
  if (short <= wanted) return picture;
  const resized = (length: number) => Math.round((length * wanted) / short);
  const [width, height] = [resized(picture.width), resized(picture.height)];
  return resizeWindow(
    picture,
    { width, height },
    { left: { first: 0, size: width }, top: { first: 0, size: height } },
    bicubic,
  );
}
