/** A log file of JSON lines that never grows large: at its cap it becomes FILE.1, and the one before is dropped. */
import { appendFileSync, renameSync, statSync } from "node:fs";

export type LogFields = Readonly<Record<string, unknown>>;
export type Log = (message: string, fields?: LogFields) => void;

const capBytes = 1024 * 1024;

/**
 * Open a log; its folder must exist. Lines are written at once, so that the last one before a crash is there; a disk
 * that refuses them stops nothing.
 */
export function openLog(file: string, now: () => Date = () => new Date()): Log {
  return (message, fields = {}) => {
    const line = `${JSON.stringify({ time: now().toISOString(), pid: process.pid, message, ...fields })}\n`;
    try {
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (capBytes < size + line.length) renameSync(file, `${file}.1`);
      appendFileSync(file, line, { mode: 0o600 });
    } catch {
      // There is nobody to tell.
    }
  };
}
