/** The images that a run has made, by file, in the order in which they were made. */
import type { RunEvent } from "../../schemas/run-event.ts";
import type { FinishedImage } from "./finished-images.ts";
import { type JournalCursor, openJournalCursor } from "./journal-cursor.ts";
import { inRun, runPaths } from "./run-folder.ts";

export type RunFiles = {
  /** Read what the journal has beyond the last look. Not while events of the run come in: each would count twice. */
  readonly refresh: () => Promise<void>;
  /** Files that an event tells of. */
  readonly add: (event: RunEvent) => void;
  /** All, or those of a class folder; paths are relative to the run folder. */
  readonly list: (classFolder?: string) => readonly string[];
  /** Class folders and how many images each has. */
  readonly counts: () => ReadonlyMap<string, number>;
  readonly has: (file: string) => boolean;
};

/** The images of a run folder; empty before `refresh`. */
export function openRunFiles(root: string): RunFiles {
  const cursor: JournalCursor<FinishedImage> = openJournalCursor(inRun(root, runPaths.finishedImages));
  const known = new Set<string>();
  const byFolder = new Map<string, string[]>();
  const addFile = (file: string) => {
    const folder = classFolderOf(file);
    if (folder === undefined || known.has(file)) return;
    known.add(file);
    const files = byFolder.get(folder);
    if (files === undefined) byFolder.set(folder, [file]);
    else files.push(file);
  };
  const refresh = async () => {
    const { entries, restarted } = await cursor.next();
    if (restarted) {
      known.clear();
      byFolder.clear();
    }
    for (const { file } of entries) if (typeof file === "string") addFile(file);
  };
  const add = (event: RunEvent) => {
    if (event.type === "images-finished") for (const file of event.files) addFile(file);
  };
  return {
    refresh,
    add,
    list: (folder) => (folder === undefined ? [...known] : (byFolder.get(folder) ?? [])),
    counts: () => new Map([...byFolder].map(([folder, files]) => [folder, files.length])),
    has: (file) => known.has(file),
  };
}

/** "cat" of "data/train/cat/000001.png"; undefined for what is no image of a dataset, or leads elsewhere. */
export function classFolderOf(file: string): string | undefined {
  const match = /^data\/train\/([^/\\]+)\/(\d{6,})\.png$/.exec(file);
  const folder = match?.[1];
  return folder === "." || folder === ".." ? undefined : folder;
}
