/** Follows a growing log of JSON lines: each look reads only what was appended since the last one. */
import { open } from "node:fs/promises";
import { fileErrorCode } from "../base/file-errors.ts";
import { parseEventLog } from "./event-log.ts";

export type JournalCursor<Entry extends object> = {
  /**
   * Whole lines since the last look; a line that is still being written waits for the next.
   * @returns `restarted` when the file was replaced by a shorter one, and `entries` are all it has
   */
  readonly next: () => Promise<{ readonly entries: readonly Entry[]; readonly restarted: boolean }>;
};

const pieceBytes = 4 * 1024 * 1024;

/** A cursor at the beginning of a file, which may be missing. Looks one after the other: they share the place. */
export function openJournalCursor<Entry extends object>(file: string): JournalCursor<Entry> {
  let offset = 0;
  let last: Promise<unknown> = Promise.resolve();
  const look = async () => {
    const handle = await open(file, "r").catch((error: unknown) => {
      if (fileErrorCode(error) === "ENOENT") return undefined;
      throw error;
    });
    if (handle === undefined) {
      const restarted = 0 < offset;
      offset = 0;
      return { entries: [], restarted };
    }
    try {
      const { size } = await handle.stat();
      const restarted = size < offset;
      if (restarted) offset = 0;
      const entries: Entry[] = [];
      while (offset < size) {
        const piece = Buffer.alloc(Math.min(pieceBytes, size - offset));
        const { bytesRead } = await handle.read(piece, 0, piece.length, offset);
        const end = piece.lastIndexOf("\n", bytesRead - 1) + 1;
        if (end === 0) break;
        entries.push(...parseEventLog<Entry>(piece.toString("utf8", 0, end)).entries);
        offset += end;
      }
      return { entries, restarted };
    } finally {
      await handle.close();
    }
  };
  const next = () => {
    const result = last.then(look);
    last = result.catch(() => undefined);
    return result;
  };
  return { next };
}
