/** The entries of a folder in a fixed order, with links resolved and clutter left out. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { compareCodePoints } from "./code-point-order.ts";

/** `broken` is what cannot be looked at: a dangling or circular link, or a name that vanished meanwhile. */
export type FolderEntry = {
  readonly name: string;
  /** Relative to the folder of photos, with forward slashes. */
  readonly path: string;
  readonly absolute: string;
  readonly kind: "file" | "folder" | "other" | "broken";
  readonly isLink: boolean;
};

/** Files that systems and tools leave in folders of pictures; nobody means them as photos. */
const clutter: ReadonlySet<string> = new Set([
  "__macosx",
  "@eadir",
  "thumbs.db",
  "ehthumbs.db",
  "desktop.ini",
  "icon\r",
  "metadata.jsonl",
  "metadata.csv",
  "metadata.parquet",
]);

/** List `folder` in code-point order; `path` is its own relative path, "" for the root. Rejects with Node's error. */
export async function listFolder(folder: string, path: string): Promise<readonly FolderEntry[]> {
  const found = await readdir(folder, { withFileTypes: true });
  const meant = found.filter(({ name }) => !name.startsWith(".") && !clutter.has(name.toLowerCase()));
  meant.sort((left, right) => compareCodePoints(left.name, right.name));
  return Promise.all(
    meant.map(async (entry) => {
      const absolute = join(folder, entry.name);
      return {
        name: entry.name,
        path: path === "" ? entry.name : `${path}/${entry.name}`,
        absolute,
        kind: await kindOf(absolute),
        isLink: entry.isSymbolicLink(),
      };
    }),
  );
}

/** Whether one of the first entries of `folder` passes `isPhoto`; a look, not a search. */
export async function holdsPhotos(folder: string, isPhoto: (file: string) => Promise<boolean>): Promise<boolean> {
  const entries = await listFolder(folder, "").catch(() => []);
  for (const { kind, absolute } of entries.slice(0, 10)) {
    if (kind === "file" && (await isPhoto(absolute))) return true;
  }
  return false;
}

async function kindOf(absolute: string): Promise<FolderEntry["kind"]> {
  try {
    const found = await stat(absolute);
    if (found.isDirectory()) return "folder";
    return found.isFile() ? "file" : "other";
  } catch {
    return "broken";
  }
}
