/** What `loft init` does: look at every photo, write the file, say what comes next. */
import { basename, resolve } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { counted } from "../base/counted.ts";
import { loftError } from "../base/errors.ts";
import { isThere } from "../checkpoint/path-kind.ts";
import type { FewShotFolder } from "../data/few-shot-folder.ts";
import { newConfig, pathFrom } from "../jobs/new-config.ts";
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
  if (!request.force && (await isThere(file))) throw fileExists(file, places);
  const { text, found } = await newConfig({ photos, file, name, packageFolder: places.packageFolder });
  await writeFileAtomic(file, text);
  return initResult(pathFrom(places.workingFolder, file), found);
}

function initResult(file: string, { classes, problems }: FewShotFolder): ActionResult {
  const photoCount = classes.reduce((sum, { photos }) => sum + photos.length, 0);
  const shown = problems.slice(0, listedProblems).map(({ path, message }) => `  ${path}: ${message}`);
  const hidden = problems.length - shown.length;
  const remarks = problems.length === 0 ? [] : [`${counted(problems.length, "remark")} about the photos:`, ...shown];
  const more = hidden === 0 ? [] : [`  and ${hidden} more`];
  const lines = [
    `wrote ${file}: ${counted(classes.length, "class")}, ${counted(photoCount, "photo")}`,
    ...remarks,
    ...more,
    `next: loft plan ${quoted(file)}`,
  ];
  const counts = classes.map(({ folder, photos }) => ({ folder, photos: photos.length }));
  return { text: lines.join("\n"), json: { file, classes: counts, problems } };
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
