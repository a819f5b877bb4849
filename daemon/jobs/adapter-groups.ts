/** Which adapters are trained together: pure. */
import { hashOf } from "../base/hash.ts";
import { type AdapterTask, batchKey } from "../pipeline/plan.ts";
import type { SavedGroup } from "./training-checkpoint.ts";

/** Adapters of one batch; all have the same parameters. */
export type AdapterGroup = {
  readonly id: string;
  readonly tasks: readonly AdapterTask[];
  /** The saved group that knows all of them, if there is one. */
  readonly saved?: SavedGroup;
};

/**
 * Cut tasks into groups of at most `size`, each of equal parameters: first those whose training was begun, together
 * with whom it was begun with, then the others, all in the order of the plan.
 * @param saved of several that know an adapter, the one with most steps counts
 */
export function groupAdapters(
  tasks: readonly AdapterTask[],
  size: number,
  saved: readonly SavedGroup[] = [],
): AdapterGroup[] {
  const begun = new Map<string, SavedGroup>();
  for (const group of saved) {
    for (const id of group.adapters) if ((begun.get(id)?.step ?? 0) < group.step) begun.set(id, group);
  }
  const fresh = tasks.filter(({ id }) => !begun.has(id));
  const goOn = saved.flatMap((group) =>
    cut(
      tasks.filter(({ id }) => begun.get(id) === group),
      size,
    ).map((each) => ({ ...each, saved: group })),
  );
  return [...goOn, ...byParameters(fresh).flatMap((equal) => cut(equal, size))];
}

/** The group of some tasks, with a name of its own. */
export function groupOf(tasks: readonly AdapterTask[]): AdapterGroup {
  return { id: hashOf(tasks.map(({ id }) => id)), tasks };
}

/** Classes of different photo counts have different numbers of steps. */
function byParameters(tasks: readonly AdapterTask[]): AdapterTask[][] {
  const groups = new Map<string, AdapterTask[]>();
  for (const task of tasks) {
    const key = batchKey(task);
    const group = groups.get(key) ?? [];
    if (group.push(task) === 1) groups.set(key, group);
  }
  return [...groups.values()];
}

function cut(tasks: readonly AdapterTask[], size: number): AdapterGroup[] {
  const groups: AdapterGroup[] = [];
  for (let start = 0; start < tasks.length; start += size) {
    groups.push(groupOf(tasks.slice(start, start + size)));
  }
  return groups;
}
