/** Folder names for class names: safe on every file system and in every dataset reader. Pure. */
import { sha256 } from "../base/hash.ts";

/** A class as the user calls it, and the folder of its images. */
export type ClassFolder = { readonly name: string; readonly folder: string };

/** Longer names are cut: paths have limits, on Windows above all. In UTF-8 bytes. */
const longestFolder = 80;

/** Names that Windows keeps for devices, with any ending. */
const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/**
 * One folder per class, in the order given. Letters and digits of any script, `-`, `_` and inner dots stay; everything
 * else becomes `_`. Names that would then be equal, also if only by case, are told apart by a number.
 */
export function planClassFolders(names: readonly string[]): readonly ClassFolder[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const wanted = safeFolderName(name);
    let folder = wanted;
    for (let copy = 2; taken.has(folder.toLowerCase()); copy += 1) folder = `${wanted}-${copy}`;
    taken.add(folder.toLowerCase());
    return { name, folder };
  });
}

/** Readers skip folders that start with a dot or two underscores, and Windows drops dots at the end. */
function safeFolderName(name: string): string {
  const plain = name
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "_")
    .replace(/^[._-]+|[._-]+$/g, "");
  const named = plain === "" ? `class_${sha256(name).slice(0, 8)}` : plain;
  return shortened(reserved.test(named) ? `class_${named}` : named);
}

/** Cut at a code point; the hash keeps names apart that differ only in what was cut. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= longestFolder) return name;
  let kept = "";
  for (const character of name) {
    if (longestFolder - 9 < Buffer.byteLength(kept + character)) break;
    kept += character;
  }
  return `${kept}-${sha256(name).slice(0, 8)}`;
}
