/** What to tell a user whose file could not be read; the writing side is in atomic-file.ts. */
import { LoftError, loftError } from "./errors.ts";

/** The code of a Node file error ("ENOENT", ...), or undefined for anything else. */
export function fileErrorCode(error: unknown): string | undefined {
  if (error instanceof LoftError) return undefined;
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The user's side of a failed read of `file`. Errors that are no file errors come back unchanged. */
export function readError(error: unknown, file: string): LoftError | unknown {
  const code = fileErrorCode(error);
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ESTALE":
      return loftError("file-vanished", {
        what: `${file} is not there any more (${code}).`,
        fix: "Put the file back (or reconnect its disk) and run the same command again: finished work is kept.",
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EISDIR":
    case "ELOOP":
    case "EIO":
      return loftError("file-unreadable", {
        what: `${file} cannot be read (${code}).`,
        fix: "Make it a readable file (permissions, disk), then run the same command again: finished work is kept.",
        cause: error,
      });
    default:
      return error;
  }
}
