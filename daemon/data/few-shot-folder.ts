/** A folder of class folders with a few real photos each: what is usable in it, and what is wrong with the rest. */
import { loftError } from "../base/errors.ts";
import { fileErrorCode } from "../base/file-errors.ts";
import { compareCodePoints } from "./code-point-order.ts";
import { type FolderEntry, holdsPhotos, listFolder } from "./folder-entries.ts";
import { inspectPhoto, isPhotoFile } from "./inspect-photo.ts";
import { type PhotoProblem, photoProblem } from "./photo-problems.ts";

/** A usable photo. Path relative to the folder of photos, with forward slashes; size in pixels as seen upright. */
export type FewShotPhoto = {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
};

/** A class folder with at least one usable photo. */
export type FewShotClass = { readonly folder: string; readonly photos: readonly FewShotPhoto[] };

export type FewShotFolder = { readonly classes: readonly FewShotClass[]; readonly problems: readonly PhotoProblem[] };

/**
 * Read `root`/CLASS/PHOTO, classes and photos in code-point order of their names. Every photo is decoded once, so what
 * is listed can be trained on. Links are followed; hidden files and known clutter are passed over in silence.
 * @throws LoftError "data-folder-missing", "data-folder-layout" (photos, but not in class folders),
 *   "data-folder-empty" (no usable photo)
 */
export async function readFewShotFolder(root: string): Promise<FewShotFolder> {
  const entries = await listRoot(root);
  const folders = entries.filter((entry) => entry.kind === "folder");
  const loose = await problemsInRoot(entries);
  const readings: ClassReading[] = [];
  for (const folder of folders) readings.push(await readClass(folder));
  const classes = readings.flatMap(({ folder, photos }) => (photos.length === 0 ? [] : [{ folder, photos }]));
  const problems = [...loose, ...readings.flatMap((reading) => reading.problems), ...problemsAcross(classes)];
  if (classes.length === 0) throw await nothingUsable(root, folders, problems);
  return { classes, problems };
}

type ClassReading = FewShotClass & { readonly problems: readonly PhotoProblem[] };

async function listRoot(root: string): Promise<readonly FolderEntry[]> {
  try {
    return await listFolder(root, "");
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === undefined) throw error;
    throw loftError("data-folder-missing", {
      what: `The folder of photos ${root} cannot be read (${code}).`,
      fix: "Give the path of a readable folder that holds one folder of photos per class.",
      cause: error,
    });
  }
}

/** Photos beside the class folders. Other files there (README, licenses, configurations) are none of our business. */
async function problemsInRoot(entries: readonly FolderEntry[]): Promise<PhotoProblem[]> {
  const problems: PhotoProblem[] = [];
  for (const entry of entries) {
    if (entry.kind === "broken") problems.push(brokenEntry(entry));
    if (entry.kind === "file" && (await isPhotoFile(entry.absolute))) {
      problems.push(photoProblem("photo-outside-class", entry.path, "This photo is in no class folder."));
    }
  }
  return problems;
}

async function readClass(folder: FolderEntry): Promise<ClassReading> {
  const photos: FewShotPhoto[] = [];
  const problems: PhotoProblem[] = [];
  try {
    const bySha256 = new Map<string, string>();
    for (const entry of await listFolder(folder.absolute, folder.path)) {
      const { photo, problems: own } = await readEntry(entry);
      problems.push(...own);
      const twin = photo === undefined ? undefined : bySha256.get(photo.sha256);
      if (twin !== undefined) problems.push(photoProblem("photo-duplicate", entry.path, `It is a copy of ${twin}.`));
      if (photo === undefined || twin !== undefined) continue;
      bySha256.set(photo.sha256, photo.path);
      photos.push(photo);
    }
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === undefined) throw error;
    return {
      folder: folder.name,
      photos: [],
      problems: [photoProblem("folder-unreadable", folder.path, `The class folder cannot be read (${code}).`)],
    };
  }
  if (photos.length === 0) problems.push(photoProblem("class-empty", folder.path, "No usable photo is in it."));
  return { folder: folder.name, photos, problems };
}

type EntryReading = { readonly photo?: FewShotPhoto; readonly problems: readonly PhotoProblem[] };

async function readEntry(entry: FolderEntry): Promise<EntryReading> {
  switch (entry.kind) {
    case "folder":
      return { problems: [photoProblem("folder-nested", entry.path, "It is a folder inside a class folder.")] };
    case "broken":
      return { problems: [brokenEntry(entry)] };
    case "other":
      return { problems: [photoProblem("not-a-photo", entry.path, "It is a device, socket or pipe.")] };
    case "file": {
      const { facts, problems } = await inspectPhoto(entry.absolute, entry.path);
      return facts === undefined ? { problems } : { photo: { path: entry.path, ...facts }, problems };
    }
  }
}

function brokenEntry(entry: FolderEntry): PhotoProblem {
  return entry.isLink
    ? photoProblem("link-broken", entry.path, "The link leads nowhere.")
    : photoProblem("photo-unreadable", entry.path, "The file cannot be looked at.");
}

/** What only shows when the classes are seen together. */
function problemsAcross(classes: readonly FewShotClass[]): readonly PhotoProblem[] {
  const first = new Map<string, string>();
  const problems: PhotoProblem[] = [];
  for (const { sha256, path } of classes.flatMap((one) => one.photos)) {
    const twin = first.get(sha256);
    if (twin === undefined) first.set(sha256, path);
    else problems.push(photoProblem("photo-in-two-classes", path, `The same picture is in another class: ${twin}.`));
  }
  if (classes.length === 1) {
    problems.push(photoProblem("class-single", classes[0]!.folder, "This is the only class with photos."));
  }
  return problems.sort((left, right) => compareCodePoints(left.path, right.path));
}

/** The error for a folder without any usable photo: wrong layout when photos are one level too high or too deep. */
async function nothingUsable(root: string, folders: readonly FolderEntry[], problems: readonly PhotoProblem[]) {
  const layout = `Arrange it as ${root}/CLASS/photo.png, one folder per class`;
  if (problems.some(({ code }) => code === "photo-outside-class")) {
    return loftError("data-folder-layout", {
      what: `${root} holds photos directly, not in class folders.`,
      fix: `${layout}; the folder's name is the class name.`,
    });
  }
  const deeper = await folderOfClasses(folders);
  if (deeper !== undefined) {
    return loftError("data-folder-layout", {
      what: `The class folders of ${root} hold only folders; photos are one level deeper than expected.`,
      fix: `Give ${root}/${deeper} instead if its folders are the classes. Otherwise: ${layout}.`,
    });
  }
  const reasons = problems.filter(({ code }) => code !== "class-empty").slice(0, 5);
  const listed = reasons.map(({ path, message }) => ` ${path}: ${message}`).join("");
  return loftError("data-folder-empty", {
    what: `No usable photo was found in ${root}.${listed}`,
    fix: `${layout}, with PNG, JPEG or WebP files.`,
  });
}

/** A folder that looks like what was meant, "train" before others. */
async function folderOfClasses(folders: readonly FolderEntry[]): Promise<string | undefined> {
  const found: string[] = [];
  for (const folder of folders) {
    const inner = await listFolder(folder.absolute, folder.path).catch(() => []);
    const classFolder = inner.find(({ kind }) => kind === "folder");
    if (classFolder !== undefined && (await holdsPhotos(classFolder.absolute, isPhotoFile))) found.push(folder.name);
  }
  return found.find((name) => name === "train") ?? found[0];
}
