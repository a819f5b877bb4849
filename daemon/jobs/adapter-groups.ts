/** Which adapters are trained together: pure. */
import { hashOf } from "../base/hash.ts";
import type { AdapterTask } from "../pipeline/plan.ts";

/** Adapters of one batch; all have the same parameters. */
export type AdapterGroup = { readonly id: string; readonly tasks: readonly AdapterTask[] };

/** Cut tasks, in the order of the plan, into groups of at most `size`. */
export function groupAdapters(tasks: readonly AdapterTask[], size: number): AdapterGroup[] {
  const groups: AdapterGroup[] = [];
  for (let start = 0; start < tasks.length; start += size) {
    const members = tasks.slice(start, start + size);
    groups.push({ id: hashOf(members.map(({ id }) => id)), tasks: members });
  }
  return groups;
}
