/** The journal of finished images: which task made which file, so that no image is ever made twice. */
import { open } from "node:fs/promises";
import { type EventLog, openEventLog, readEventLog } from "./event-log.ts";
import { inRun, runPaths } from "./run-folder.ts";

/** One finished image: its task's id, its path in the run folder, and what the file must be. */
export type FinishedImage = {
  readonly id: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
};

/** Open the journal; append an image after its file is written. */
export async function openFinishedImages(root: string): Promise<EventLog<FinishedImage>> {
  return openEventLog<FinishedImage>(inRun(root, runPaths.finishedImages));
}

/** The journal by task id. A file that a later task wrote again belongs to the later task only. */
export async function readFinishedImages(root: string): Promise<ReadonlyMap<string, FinishedImage>> {
  const { entries } = await readEventLog<FinishedImage>(inRun(root, runPaths.finishedImages));
  const byFile = new Map(entries.map((image) => [image.file, image]));
  return new Map([...byFile.values()].map((image) => [image.id, image]));
}

/** Whether the image of task `id` is made: it is in the journal and its file is there and whole. */
export async function isImageDone(
  root: string,
  finished: ReadonlyMap<string, FinishedImage>,
  id: string,
): Promise<boolean> {
  const image = finished.get(id);
  return image !== undefined && (await isWholePng(inRun(root, image.file), image.bytes));
}

/** The right length and PNG's closing chunk: cheap, and it catches folders that were copied halfway. */
async function isWholePng(file: string, bytes: number): Promise<boolean> {
  const handle = await open(file, "r").catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { size } = await handle.stat();
    if (size !== bytes || size < 12) return false;
    const end = Buffer.alloc(12);
    await handle.read(end, 0, 12, size - 12);
    return end.subarray(4, 8).toString("latin1") === "IEND";
  } finally {
    await handle.close();
  }
}
