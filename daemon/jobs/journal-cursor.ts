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
  /** As `next`, but a large log comes in pieces, none of which is kept. @returns how many entries came */
  readonly follow: (take: (entries: readonly Entry[]) => void) => Promise<number>;
};

const pieceBytes = 4 * 1024 * 1024;

/** A cursor at the beginning of a file, which may be missing. Looks one after the other: they share the place. */
export function openJournalCursor<Entry extends object>(file: string): JournalCursor<Entry> {
  let offset = 0;
  let last: Promise<unknown> = Promise.resolve();
  /** Of a line that is longer than a piece, which nobody wrote on purpose, the rest is passed over. */
  let isInLongLine = false;
  const look = async (take: (entries: readonly Entry[]) => void) => {
    const handle = await openIfThere(file);
    if (handle === undefined) {
      const restarted = 0 < offset;
      offset = 0;
      return restarted;
    }
    try {
      const { size } = await handle.stat();
      const restarted = size < offset;
      if (restarted) offset = 0;
      while (offset < size) {
        const piece = Buffer.alloc(Math.min(pieceBytes, size - offset));
        const { bytesRead } = await handle.read(piece, 0, piece.length, offset);
        const start = isInLongLine ? piece.indexOf("\n") + 1 : 0;
        const end = bytesRead === 0 ? 0 : piece.lastIndexOf("\n", bytesRead - 1) + 1;
        if (end === 0 && bytesRead < pieceBytes) break;
        isInLongLine = end === 0;
        take(parseEventLog<Entry>(piece.toString("utf8", start, end)).entries);
        offset += end === 0 ? bytesRead : end;
      }
      return restarted;
    } finally {
      await handle.close();
    }
  };
  const inTurn = <Result>(work: () => Promise<Result>) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const next = async () => {
    const entries: Entry[] = [];
    const restarted = await inTurn(() =>
      look((piece) => {
        for (const entry of piece) entries.push(entry);
      }),
    );
    return { entries, restarted };
  };
  const follow = async (take: (entries: readonly Entry[]) => void) => {
    let count = 0;
    await inTurn(() =>
      look((piece) => {
        count += piece.length;
        take(piece);
      }),
    );
    return count;
  };
  return { next, follow };
}

function openIfThere(file: string) {
  return open(file, "r").catch((error: unknown) => {
    if (fileErrorCode(error) === "ENOENT") return undefined;
    throw error;
  });
}
