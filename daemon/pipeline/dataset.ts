/** Photos by class, as the plan sees them: names, content hashes and order, no pixels. */
import { loftError } from "../base/errors.ts";
import { longestFolderName, safeFolderName, withHash } from "../config/folder-name.ts";
import { closest } from "../config/suggest.ts";
import { compareCodePoints } from "../data/code-point-order.ts";

/** A real photo: its path relative to the data folder, with forward slashes, and the hash of its bytes. */
export type Photo = { readonly path: string; readonly sha256: string };

export type DatasetClass = {
  /** The name used in prompts and labels. */
  readonly className: string;
  /** The folder of its photos, inside the data folder. */
  readonly folder: string;
  /** The folder of its images: safe on every file system, unique, at most 80 characters. */
  readonly outputFolder: string;
  /** By file name, each content once, at most `shots`. */
  readonly photos: readonly Photo[];
};

/** Something to tell the user that does not stop the run. */
export type PlanWarning = {
  readonly code: "duplicate-photo" | "few-photos" | "prompt-cut" | "warmup-too-long";
  readonly what: string;
  readonly fix: string;
};

/** The classes in the order of their indices: by output folder, as torchvision's ImageFolder sorts them. */
export type Dataset = { readonly classes: readonly DatasetClass[]; readonly warnings: readonly PlanWarning[] };

/** A class folder as found on disk. */
export type ClassFolder = { readonly folder: string; readonly photos: readonly Photo[] };

/**
 * The dataset of the folders found.
 * @param data `shots` is the number of photos per class, null for all; `classNames` renames folders
 * @throws LoftError "data-folder-empty" without a class or for a class without photos,
 *   "config-invalid" for a class name of a folder that does not exist, or one name for two folders
 */
export function datasetOf(
  folders: readonly ClassFolder[],
  data: { readonly shots: number | null; readonly classNames: Readonly<Record<string, string>> },
): Dataset {
  const names = new Map(Object.entries(data.classNames).map(([folder, name]) => [folder.normalize("NFC"), name]));
  checkFolders(folders);
  checkClassNames(folders, names);
  const outputFolders = uniqueFolderNames(folders.map(({ folder }) => folder));
  const classes = folders.map(({ folder, photos }) => ({
    className: (names.get(folder.normalize("NFC")) ?? folder).trim().normalize("NFC"),
    folder,
    outputFolder: outputFolders.get(folder) as string,
    photos: distinct(sortedByName(photos)).slice(0, data.shots ?? undefined),
  }));
  checkUniqueNames(classes);
  const sorted = classes.sort((left, right) => compareCodePoints(left.outputFolder, right.outputFolder));
  return { classes: sorted, warnings: warningsFor(sorted, folders, data.shots) };
}

function sortedByName(photos: readonly Photo[]): readonly Photo[] {
  return [...photos].sort((left, right) => compareCodePoints(left.path, right.path));
}

function distinct(photos: readonly Photo[]): readonly Photo[] {
  const firsts = new Map<string, Photo>();
  for (const photo of photos) if (!firsts.has(photo.sha256)) firsts.set(photo.sha256, photo);
  return [...firsts.values()].map(({ path, sha256 }) => ({ path, sha256 }));
}

function checkFolders(folders: readonly ClassFolder[]): void {
  if (folders.length === 0) {
    const what = "The data folder holds no class folder.";
    throw loftError("data-folder-empty", {
      what,
      fix: "Put the photos of each class into a folder of their own in it.",
    });
  }
  const empty = folders.filter(({ photos }) => photos.length === 0).map(({ folder }) => `"${folder}"`);
  if (empty.length === 0) return;
  const what = `No usable photo in ${empty.length === 1 ? "the class folder" : "the class folders"} ${empty.join(", ")}.`;
  throw loftError("data-folder-empty", { what, fix: "Add photos, or remove the folder." });
}

function checkClassNames(folders: readonly ClassFolder[], names: ReadonlyMap<string, string>): void {
  const known = folders.map(({ folder }) => folder.normalize("NFC"));
  const unknown = [...names.keys()].find((folder) => !known.includes(folder));
  if (unknown === undefined) return;
  const meant = closest(unknown, known);
  throw loftError("config-invalid", {
    what: `data.classNames names "${unknown}", but the data folder has no such folder with photos.`,
    fix: meant === undefined ? `It has: ${known.slice(0, 10).join(", ")}.` : `Did you mean "${meant}"?`,
  });
}

function checkUniqueNames(classes: readonly DatasetClass[]): void {
  const folders = new Map<string, string>();
  for (const { className, folder } of classes) {
    const other = folders.get(className);
    if (other !== undefined) {
      throw loftError("config-invalid", {
        what: `The folders "${other}" and "${folder}" have the same class name "${className}".`,
        fix: "Give them different names in data.classNames, or put their photos into one folder.",
      });
    }
    folders.set(className, folder);
  }
}

/** A safe name for each folder; names that differ only in case would be one folder on Windows and macOS. */
function uniqueFolderNames(folders: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const folder of [...folders].sort(compareCodePoints)) {
    const safe = safeFolderName(folder);
    const name = taken.has(safe.toLowerCase()) ? withHash(safe.slice(0, longestFolderName - 9), folder) : safe;
    taken.add(name.toLowerCase());
    names.set(folder, name);
  }
  return names;
}

function warningsFor(
  classes: readonly DatasetClass[],
  folders: readonly ClassFolder[],
  shots: number | null,
): readonly PlanWarning[] {
  return [...folders.flatMap(duplicateWarnings), ...classes.flatMap((each) => fewPhotosWarning(each, shots))];
}

function duplicateWarnings({ photos }: ClassFolder): readonly PlanWarning[] {
  const sorted = sortedByName(photos);
  return sorted.flatMap((photo, index): readonly PlanWarning[] => {
    const first = sorted.slice(0, index).find((other) => other.sha256 === photo.sha256);
    if (first === undefined) return [];
    const what = `${photo.path} is the same picture as ${first.path}; it is used once.`;
    return [{ code: "duplicate-photo", what, fix: "Remove one of the two." }];
  });
}

function fewPhotosWarning({ folder, photos }: DatasetClass, shots: number | null): readonly PlanWarning[] {
  if (shots === null || shots <= photos.length) return [];
  const what = `The class folder "${folder}" has ${photos.length} different photos, data.shots asks for ${shots}; all are used.`;
  return [{ code: "few-photos", what, fix: "Add photos, or lower data.shots." }];
}
