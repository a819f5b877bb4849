/** The names of runs on this machine: a run is its folder, wherever it was started from. */
import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { RunId } from "../../schemas/protocol.ts";
import { sha256 } from "../base/hash.ts";

/** The real path of a folder; of one that is not there yet, through the nearest folder that is. */
export async function realFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  const found = await realpath(path).catch(() => undefined);
  if (found !== undefined) return found;
  const parent = dirname(path);
  return parent === path ? path : join(await realFolder(parent), basename(path));
}

/** The id of a run folder, given by its real path. */
export function runIdOf(realPath: string): RunId {
  return sha256(realPath).slice(0, 16);
}
