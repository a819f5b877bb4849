/** Adapters whose training was begun go on together; the others are cut into batches in the order of the plan. */
import { expect, test } from "vitest";
import { groupAdapters } from "../../../daemon/jobs/adapter-groups.ts";
import type { SavedGroup } from "../../../daemon/jobs/training-checkpoint.ts";
import type { AdapterTask } from "../../../daemon/pipeline/plan.ts";

/** Of one photo each, all with the same parameters. */
const task = (id: string) => ({ id, examples: [], parameters: { examplesPerStep: 1 } }) as unknown as AdapterTask;
const saved = (id: string, step: number, adapters: string): SavedGroup => ({ id, step, adapters: [...adapters] });

test.each<[string, string, number, readonly SavedGroup[], readonly string[]]>([
  ["nothing", "", 2, [], []],
  ["no saved state", "abcde", 2, [], ["ab", "cd", "e"]],
  ["a saved group first", "abcde", 2, [saved("S", 3, "cd")], ["cd S", "ab", "e"]],
  ["a saved group of which one is finished", "bcd", 2, [saved("S", 3, "ab")], ["b S", "cd"]],
  ["a saved group that is now too large", "abc", 1, [saved("S", 3, "ab")], ["a S", "b S", "c"]],
  ["a saved group that could now be larger", "abcd", 4, [saved("S", 3, "ab")], ["ab S", "cd"]],
  ["two that know the same adapter", "abc", 2, [saved("S", 3, "ab"), saved("T", 5, "bc")], ["a S", "bc T"]],
  ["one that knows none of these", "ab", 2, [saved("S", 3, "xy")], ["ab"]],
])("%s", (_, tasks, size, groups, expected) => {
  const cut = groupAdapters([...tasks].map(task), size, groups);
  const shown = cut.map((group) => {
    const members = group.tasks.map(({ id }) => id).join("");
    return group.saved === undefined ? members : `${members} ${group.saved.id}`;
  });
  expect(shown).toEqual(expected);
});

test("the id of a group follows from its members alone", () => {
  const ids = (size: number, groups: readonly SavedGroup[]) =>
    groupAdapters(["a", "b"].map(task), size, groups).map(({ id }) => id);
  expect(ids(2, [])).toEqual(ids(2, [saved("S", 1, "ab")]));
  expect(new Set([...ids(1, []), ...ids(2, [])]).size).toBe(3);
});

test("adapters of different parameters are never in one group", () => {
  const task = (id: string) => ({ id, parameters: { steps: id < "c" ? 1 : 2 } }) as AdapterTask;
  const cut = groupAdapters([..."acbd"].map(task), 4);
  expect(cut.map(({ tasks }) => tasks.map(({ id }) => id).join(""))).toEqual(["ab", "cd"]);
});
