/** Removes what LoFT wrote into a run folder, and the folder itself when nothing else lies in it. */
import { access, rm, rmdir } from "node:fs/promises";
import { writeError } from "../base/atomic-file.ts";
import { curationFile } from "./curation.ts";
import { inRun, runPaths } from "./run-folder.ts";

/** The record goes last: a removal that was stopped can be done again. */
const parts = [
  runPaths.dataset,
  runPaths.adapters,
  runPaths.photos,
  runPaths.manifest,
  curationFile,
  "sheet.png",
  runPaths.internal,
];

/**
 * A run folder may be a project's own folder (`output.folder` "."): files of other people stay.
 * @throws LoftError "output-unwritable"
 */
export async function removeRun(root: string): Promise<void> {
  try {
    // The card is written together with the manifest: a README.md without one is somebody else's.
    const hasCard = await access(inRun(root, runPaths.manifest)).then(
      () => true,
      () => false,
    );
    if (hasCard) await rm(inRun(root, runPaths.card), { force: true });
    for (const part of parts) await rm(inRun(root, part), { recursive: true, force: true });
  } catch (error) {
    throw writeError(error, root);
  }
  await rmdir(root).catch(() => undefined);
}
