/** How the tables of presets are written. */
import type { PresetTable, Sourced } from "../../config/preset.ts";

/** A value and where it was found. */
export function from<const Value>(value: Value, source: string): Sourced<Value> {
  return { value, source };
}

/** The table for a method that trains nothing: what has no effect says so, the resolution counts in sampling. */
export function withoutAdapters(table: PresetTable): PresetTable {
  const { resolution } = table.training;
  return {
    ...table,
    adapter: unused(table.adapter),
    training: { ...unused(table.training), resolution },
    fusion: unused(table.fusion),
  };
}

function unused<Group extends Readonly<Record<string, Sourced<unknown>>>>(group: Group): Group {
  const entries = Object.entries(group).map(([field, { value }]) => {
    return [field, { value, source: "without effect: this method trains no adapter" }];
  });
  return Object.fromEntries(entries) as Group;
}
