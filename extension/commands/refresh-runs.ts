/** Refresh, in the Runs view. */
import type { Services } from "../services.ts";

export async function refreshRuns({ runs }: Services): Promise<unknown> {
  return await runs.refresh();
}
