/**
 * Append-only logs of one JSON object a line. A kill can tear the last line: readers skip it, and the next writer starts
 * on a new line, so nothing that was written whole is ever lost or rewritten.
 */
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeError } from "../base/atomic-file.ts";
import { fileErrorCode } from "../base/file-errors.ts";

/** An open log. Appends keep their order, also when they are not awaited one by one. */
export type EventLog<Entry extends object> = {
  /** Resolves when the line is handed to the operating system. @throws LoftError "disk-full", "output-unwritable" */
  readonly append: (entry: Entry) => Promise<void>;
  /** Waits for all appends, then syncs to the disk. */
  readonly close: () => Promise<void>;
};

/** What a log holds; `tornLines` counts lines that are no JSON. */
export type LoggedEntries<Entry extends object> = { readonly entries: readonly Entry[]; readonly tornLines: number };

/** Open a log for appending; it and its folder are made if needed. */
export async function openEventLog<Entry extends object>(file: string): Promise<EventLog<Entry>> {
  const handle = await openForAppend(file);
  let pending: Promise<void> = Promise.resolve();
  const append = (entry: Entry) => {
    const line = `${JSON.stringify(entry)}\n`;
    const written = pending
      .then(() => handle.appendFile(line))
      .catch((error) => {
        throw writeError(error, file);
      });
    pending = written.catch(() => undefined);
    return written;
  };
  const close = async () => {
    await pending;
    await handle.sync().catch(() => undefined);
    await handle.close();
  };
  return { append, close };
}

/** Read a log; a missing file is an empty log. */
export async function readEventLog<Entry extends object>(file: string): Promise<LoggedEntries<Entry>> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (fileErrorCode(error) === "ENOENT") return "";
    throw error;
  });
  return parseEventLog(text);
}

/** The entries of a log's text (pure). A torn line is the beginning of a JSON object and therefore never parses. */
export function parseEventLog<Entry extends object>(text: string): LoggedEntries<Entry> {
  const lines = text.split("\n").filter((line) => line !== "");
  const entries = lines.flatMap((line) => parseLine<Entry>(line));
  return { entries, tornLines: lines.length - entries.length };
}

function parseLine<Entry extends object>(line: string): Entry[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? [value as Entry] : [];
  } catch {
    return [];
  }
}

async function openForAppend(file: string) {
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, "a+");
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (0 < size) await handle.read(last, 0, 1, size - 1);
    // A torn line must not swallow the next one; it stays where it is and readers skip it.
    if (0 < size && last.toString("latin1") !== "\n") await handle.appendFile("\n");
    return handle;
  } catch (error) {
    throw writeError(error, file);
  }
}
