/** The runs that daemons started on this machine: a later daemon finds those that an earlier one left. */
import { readFile } from "node:fs/promises";
import type { LoftErrorData, RunState, RunWork } from "../../schemas/protocol.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";

export type RegisteredRun = {
  /** Real path of the run folder. */
  readonly root: string;
  readonly name: string;
  readonly config?: string;
  readonly state: RunState;
  /** "generate" where an older version wrote it. */
  readonly work?: RunWork;
  readonly brokeOff?: boolean;
  readonly error?: LoftErrorData;
  readonly startedAt?: string;
  readonly endedAt?: string;
};

/** The latest so many are kept. */
const mostRuns = 200;

/** Read the registry, oldest first; what is missing or damaged holds no runs. */
export async function readRunRegistry(file: string): Promise<readonly RegisteredRun[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  try {
    const { runs } = JSON.parse(text) as { readonly runs?: unknown };
    return Array.isArray(runs) ? runs.filter(isRegisteredRun) : [];
  } catch {
    return [];
  }
}

/** Replace the registry in one step. Throws as `writeFileAtomic`. */
export async function writeRunRegistry(file: string, runs: readonly RegisteredRun[]): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify({ formatVersion: 1, runs: runs.slice(-mostRuns) })}\n`);
}

function isRegisteredRun(value: unknown): value is RegisteredRun {
  if (typeof value !== "object" || value === null) return false;
  const { root, name, state, config, work } = value as Record<string, unknown>;
  const texts = [root, name, state, config ?? ""];
  const isWork = work === undefined || work === "generate" || work === "evaluate";
  return isWork && texts.every((text) => typeof text === "string");
}
