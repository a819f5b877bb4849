/** Names for folders that every file system and dataset reader takes. */
import { sha256 } from "../base/hash.ts";

/** Longest name made, in UTF-16 code units: at most 240 bytes, below the limit of every file system. */
export const longestFolderName = 80;

/**
 * A folder name made from any text: the text itself where it is safe on Windows, Linux and macOS, else the nearest one.
 * Not hidden (Hugging Face's ImageFolder skips names that begin with `.` or `__`), never empty, at most 80 characters;
 * what had to be cut ends in a hash of the whole, so that long names stay different.
 */
export function safeFolderName(text: string): string {
  const name = text
    .normalize("NFC")
    .replace(unsafe, "_")
    .replace(/^[\s._]+/u, "")
    .replace(/[\s.]+$/u, "");
  if (name === "") return text === "" ? "unnamed" : withHash("unnamed", text);
  if (longestFolderName < name.length) return withHash(name, text);
  return windowsDevice.test(name) ? `${name.replace(/[.].*$/, "")}-folder` : name;
}

/** The name with eight digits of the hash of `text` behind it, cut so that both fit. */
export function withHash(name: string, text: string): string {
  const room = longestFolderName - 9;
  // A surrogate pair is one character: half of one is no valid file name.
  const cut = name
    .slice(0, room)
    .replace(/[\uD800-\uDBFF]$/u, "")
    .replace(/[\s.]+$/u, "");
  return `${cut}-${sha256(text).slice(0, 8)}`;
}

/** Control characters, invisible marks of writing direction, halves of characters, and what Windows forbids. */
const unsafe = /[\p{Cc}\p{Cs}\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF<>:"/\\|?*]/gu;

/** Names that Windows reserves, with any extension. */
const windowsDevice = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;
