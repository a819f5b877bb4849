/** Everything a run made, in a form that two runs can be compared by. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, sep } from "node:path";

/**
 * SHA-256 by path of all files of a run folder but `.loft/`. Training logs count without their seconds, the one thing
 * that no two runs have in common.
 */
export async function runBytes(root: string): Promise<Record<string, string>> {
  const paths = await readdir(root, { recursive: true });
  const hashes: Record<string, string> = {};
  for (const file of paths.sort()) {
    if (file.startsWith(`.loft${sep}`) || !(await stat(join(root, file))).isFile()) continue;
    const bytes = await readFile(join(root, file));
    hashes[file.replaceAll(sep, "/")] = hash(file.endsWith("training.jsonl") ? withoutSeconds(bytes) : bytes);
  }
  return hashes;
}

/** Only what `pattern` accepts. */
export function only(bytes: Readonly<Record<string, string>>, pattern: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(bytes).filter(([file]) => pattern.test(file)));
}

/** The lines of a run's event log. */
export async function loggedEvents(
  root: string,
): Promise<{ readonly type: string; readonly [key: string]: unknown }[]> {
  const text = await readFile(join(root, ".loft", "events.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function withoutSeconds(log: Buffer): string {
  return log.toString("utf8").replaceAll(/"seconds":[0-9.e-]+/g, '"seconds":0');
}

function hash(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
