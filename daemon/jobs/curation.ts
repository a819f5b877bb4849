/** What a user thinks of a run's images: `curation.jsonl` in the run folder, one verdict a line, the last one counts. */
import { readFile } from "node:fs/promises";
import type { Verdict } from "../../schemas/protocol.ts";
import { sha256 } from "../base/hash.ts";
import { openEventLog, readEventLog } from "./event-log.ts";
import { inRun } from "./run-folder.ts";

/** Relative to the run folder. */
export const curationFile = "curation.jsonl";

/** One line. A verdict belongs to the image as it was: one that is made anew under the same name has none. */
export type CurationEntry = {
  readonly file: string;
  /** Of the image. */
  readonly sha256: string;
  /** Null takes a verdict back. */
  readonly verdict: Verdict | null;
  /** ISO 8601. */
  readonly at: string;
};

/** Append a verdict on an image that the run has. Throws as `openEventLog`. */
export async function writeVerdict(root: string, file: string, verdict: Verdict | null): Promise<void> {
  const hash = sha256(await readFile(inRun(root, file)));
  const log = await openEventLog<CurationEntry>(inRun(root, curationFile));
  try {
    await log.append({ file, sha256: hash, verdict, at: new Date().toISOString() });
  } finally {
    await log.close();
  }
}

/** The last entry of each file; entries of another form are left out. */
export async function readCuration(root: string): Promise<ReadonlyMap<string, CurationEntry>> {
  const { entries } = await readEventLog<CurationEntry>(inRun(root, curationFile));
  return new Map(entries.filter(isCurationEntry).map((entry) => [entry.file, entry]));
}

/** Whether an image is rejected; a verdict on one that was made anew since then counts no more. */
export function isRejected(
  curation: ReadonlyMap<string, CurationEntry>,
  { file, sha256: hash }: Pick<CurationEntry, "file" | "sha256">,
): boolean {
  const entry = curation.get(file);
  return entry?.verdict === "reject" && entry.sha256 === hash;
}

/** The verdicts that stand, by file. */
export async function readVerdicts({ root }: { readonly root: string }): Promise<ReadonlyMap<string, Verdict>> {
  const found = new Map<string, Verdict>();
  for (const [file, { verdict }] of await readCuration(root)) if (verdict !== null) found.set(file, verdict);
  return found;
}

function isCurationEntry({ file, sha256: hash, verdict }: Partial<CurationEntry>): boolean {
  const isVerdict = verdict === null || verdict === "keep" || verdict === "reject";
  return typeof file === "string" && typeof hash === "string" && isVerdict;
}
