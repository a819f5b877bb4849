/** From the address of a document to its path and back. Pure: nothing is looked at. */
import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The absolute path of a `file:` address; undefined for a document that is not on this machine's disk. */
export function filePathOf(uri: string): string | undefined {
  if (!/^file:\/\//i.test(uri)) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    // A host on Linux, or an encoded slash: an address that no file has.
    return undefined;
  }
}

/** The last part of any address, e.g. of `untitled:birds.loft.json`. */
export function fileNameOf(uri: string): string {
  const name = uri.split(/[/\\:]/).at(-1) ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The address of an absolute path. */
export function uriOf(path: string): string {
  return pathToFileURL(path).href;
}

/**
 * The place that a path in a configuration means, as `loft` resolves it: relative to the file's folder. Undefined when
 * the document has no folder and the path is relative, and for what no path can be.
 */
export function placeOf(file: string | undefined, path: string): string | undefined {
  if (path.trim() === "" || path.includes("\u0000")) return undefined;
  if (file !== undefined) return resolve(dirname(file), path);
  return isAbsolute(path) ? resolve(path) : undefined;
}
