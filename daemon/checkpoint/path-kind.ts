/** What is at a path, links followed. Whatever cannot be looked at is not there. */
import { stat } from "node:fs/promises";

export async function isThere(path: string): Promise<boolean> {
  return (await lookedAt(path)) !== undefined;
}

export async function isFile(path: string): Promise<boolean> {
  return (await lookedAt(path))?.isFile() === true;
}

export async function isFolder(path: string): Promise<boolean> {
  return (await lookedAt(path))?.isDirectory() === true;
}

function lookedAt(path: string) {
  return stat(path).catch(() => undefined);
}
