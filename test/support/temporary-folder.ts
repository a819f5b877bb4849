/** A folder of its own for each test that asks, removed afterwards. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Make an empty folder that lives until the running test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "loft-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
