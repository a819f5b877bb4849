/** Adapters that another run has trained already: an adapter is named by everything that shapes it. */
import { copyFile, link, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { writeError } from "../base/atomic-file.ts";
import { isFile } from "../checkpoint/path-kind.ts";
import type { AdapterTask } from "../pipeline/plan.ts";
import { adapterFile, inRun, isAdapterDone, trainingLogFile } from "./run-folder.ts";

/**
 * Give the run in `to` those of its adapters that the run in `from` has. Files are shared where the file system can:
 * both runs only ever replace them.
 * @throws LoftError "disk-full", "output-unwritable"
 */
export async function shareAdapters(from: string, to: string, tasks: readonly AdapterTask[]): Promise<void> {
  for (const { classFolder, id } of tasks) {
    if (await isAdapterDone(to, classFolder, id)) continue;
    if (!(await isAdapterDone(from, classFolder, id))) continue;
    const share = (file: string) => shareFile(inRun(from, file), inRun(to, file));
    // The weights last: they stand for the whole adapter.
    if (await isFile(inRun(from, trainingLogFile(classFolder, id)))) await share(trainingLogFile(classFolder, id));
    await share(adapterFile(classFolder, id));
  }
}

async function shareFile(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    await link(from, to).catch(() => copyFile(from, to));
  } catch (error) {
    throw writeError(error, to);
  }
}
