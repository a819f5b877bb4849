/** What `loft init` does: look at every photo, write the file, say what comes next. */
import { stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { safeFolderName } from "../config/folder-name.ts";
import { initialConfigText } from "../config/initial-config.ts";
import { type FewShotFolder, readFewShotFolder } from "../data/few-shot-folder.ts";
import type { ActionResult } from "./actions.ts";

export type InitRequest = {
  readonly folder: string;
  readonly output?: string;
  readonly name?: string;
  /** Replace a file that is already there. */
  readonly force: boolean;
};

/** Where the command runs, and LoFT's own folder: the schema lies in it. */
type Places = { readonly workingFolder: string; readonly packageFolder: string };

/** At most so many remarks about photos are listed; `loft plan` lists all. */
const listedProblems = 10;

/**
 * Write a first configuration for a folder of photos.
 * @throws LoftError "usage-invalid" when the file exists, and what readFewShotFolder and writeFileAtomic throw
 */
export async function initAction(request: InitRequest, places: Places): Promise<ActionResult> {
  const photos = resolve(places.workingFolder, request.folder);
  const name = request.name?.trim() || basename(photos) || "my-run";
  const file = resolve(places.workingFolder, request.output ?? `${basename(photos) || name}.loft.json`);
  if (!request.force && (await exists(file))) throw fileExists(file, places);
  const found = await readFewShotFolder(photos);
  const text = initialConfigText({
    name,
    dataFolder: pathFrom(dirname(file), photos),
    classFolders: found.classes.map(({ folder }) => folder),
    ...outputBeside(photos, dirname(file), name),
    schema: schemaFrom(dirname(file), places),
  });
  await writeFileAtomic(file, text);
  return initResult(pathFrom(places.workingFolder, file), found);
}

/** Runs lie beside the file unless that is inside the folder of photos: then beside the photos. */
function outputBeside(photos: string, folder: string, name: string): { readonly outputFolder?: string } {
  const inside = relative(photos, folder);
  if (isAbsolute(inside) || inside.split(sep)[0] === "..") return {};
  return { outputFolder: pathFrom(folder, join(dirname(photos), "runs", safeFolderName(name))) };
}

function initResult(file: string, { classes, problems }: FewShotFolder): ActionResult {
  const photoCount = classes.reduce((sum, { photos }) => sum + photos.length, 0);
  const shown = problems.slice(0, listedProblems).map(({ path, message }) => `  ${path}: ${message}`);
  const hidden = problems.length - shown.length;
  const remarks = problems.length === 0 ? [] : [`${problems.length} remarks about the photos:`, ...shown];
  const more = hidden === 0 ? [] : [`  and ${hidden} more`];
  const lines = [
    `wrote ${file}: ${classes.length} classes, ${photoCount} photos`,
    ...remarks,
    ...more,
    `next: loft plan ${quoted(file)}`,
  ];
  const counts = classes.map(({ folder, photos }) => ({ folder, photos: photos.length }));
  return { text: lines.join("\n"), json: { file, classes: counts, problems } };
}

/** A path as it is written in a file of `folder`: relative, with forward slashes; absolute only across drives. */
function pathFrom(folder: string, target: string): string {
  return (relative(folder, target) || ".").split(sep).join("/");
}

function schemaFrom(folder: string, { packageFolder }: Places): string {
  const schema = join(packageFolder, "schemas", "loft.schema.json");
  const path = pathFrom(folder, schema);
  if (isAbsolute(path)) return pathToFileURL(schema).href;
  return path.startsWith(".") ? path : `./${path}`;
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

function fileExists(file: string, { workingFolder }: Places): Error {
  return loftError("usage-invalid", {
    what: `${pathFrom(workingFolder, file)} is already there and was not touched.`,
    fix: "Give another file with --output, or replace this one with --force.",
  });
}

/** A path for the command line of the hint. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path}"`;
}
