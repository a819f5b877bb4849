/** A table as data: what the page draws and what is copied out of it; sorting and marks. Pure. */
import type { RowDifference } from "./differences.ts";
import { figureText, percentText } from "./texts.ts";

export type Column = {
  /** Names the column in what the page keeps. */
  readonly key: string;
  readonly title: string;
  /** What the numbers say; shown on demand. */
  readonly about?: string;
  /** Shares are written in percent with one digit, other figures with three. */
  readonly unit: "share" | "figure" | "count";
  /** Which end is good; marks are given where one is. */
  readonly better: "more" | "less" | "neither";
};

export type Rank = "best" | "second" | "none";

export type Cell =
  | { readonly type: "words"; readonly text: string }
  /** With a warning it is marked. */
  | { readonly type: "count"; readonly count: number | null; readonly warning?: string }
  | ValueCell
  /** Null where it cannot be told, "reference" in the reference's own line, "waiting" while it is computed. */
  | { readonly type: "difference"; readonly difference: RowDifference | null | "reference" | "waiting" }
  | { readonly type: "runs"; readonly done: number; readonly missing: readonly MissingRun[] };

export type ValueCell = {
  readonly type: "value";
  readonly mean: number | null;
  readonly std: number | null;
  readonly rank: Rank;
  /** A mean over fewer datasets than other lines': it has no mark. */
  readonly isPartial?: boolean;
  /** Why the value is not to be trusted in full. */
  readonly warning?: string;
};

export type MissingRun = { readonly seed: number; readonly reason: string };

export type Line = {
  readonly id: string;
  readonly title: string;
  /** Told apart from all other lines. */
  readonly label: string;
  /** Lines of one group stand together while the table is not sorted. */
  readonly group: string;
  /** Marks are given among lines of the same. */
  readonly rivals?: string;
  /** One for each column. */
  readonly cells: readonly Cell[];
};

export type TableModel = {
  readonly caption: string;
  /** Of the lines' titles. */
  readonly head: string;
  readonly columns: readonly Column[];
  readonly lines: readonly Line[];
};

export type Sort = { readonly column: string; readonly isFalling: boolean };

/** `key` of the first column. */
export const titleKey = "title";

/** A number as its column writes it. */
export function numberText(value: number, unit: Column["unit"]): string {
  if (unit === "count") return String(value);
  return unit === "share" ? percentText(value) : figureText(value);
}

/**
 * Mark the best and the second best of each column by what the table shows: values that read the same have the same
 * mark. Columns where all read the same have none, and a second needs a third.
 */
export function markBest(model: TableModel): TableModel {
  const marksAmong = (rivals: string | undefined) => {
    const lines = model.lines.filter((line) => line.rivals === rivals);
    return model.columns.map((column, i) => marksOf(lines, column, i));
  };
  const marks = new Map([...new Set(model.lines.map(({ rivals }) => rivals))].map((each) => [each, marksAmong(each)]));
  const lines = model.lines.map((line) => ({
    ...line,
    cells: line.cells.map((cell, i) => {
      if (cell.type !== "value" || cell.mean === null || cell.isPartial === true) return cell;
      const rank = marks.get(line.rivals)?.[i]?.get(numberText(cell.mean, unitOf(model, i))) ?? "none";
      return { ...cell, rank };
    }),
  }));
  return { ...model, lines };
}

export function hasColumn({ columns }: TableModel, key: string | undefined): boolean {
  return key === titleKey || columns.some((column) => column.key === key);
}

/** Lines in the order of a column, those without a value last; as they were where there is no such column. */
export function sortLines(model: TableModel, sort: Sort | undefined): readonly Line[] {
  if (sort === undefined) return model.lines;
  const index = model.columns.findIndex(({ key }) => key === sort.column);
  if (index < 0 && sort.column !== titleKey) return model.lines;
  const keyOf = (line: Line) => (index < 0 ? line.label : sortKey(line.cells[index] as Cell));
  const keyed = model.lines.map((line) => ({ line, key: keyOf(line) }));
  const known = keyed.filter(({ key }) => key !== null);
  const sorted = known.sort((a, b) => (sort.isFalling ? -1 : 1) * compare(a.key, b.key));
  return [...sorted, ...keyed.filter(({ key }) => key === null)].map(({ line }) => line);
}

/** The order after a click on a column's head: its good end first, then the other way round, then the table's own. */
export function nextSort(sort: Sort | undefined, column: string, better: Column["better"]): Sort | undefined {
  const isFallingFirst = better === "more";
  if (sort?.column !== column) return { column, isFalling: isFallingFirst };
  return sort.isFalling === isFallingFirst ? { column, isFalling: !isFallingFirst } : undefined;
}

/** Neighbors of one group together, in the order of the lines. */
export function groupLines(
  lines: readonly Line[],
): readonly { readonly group: string; readonly lines: readonly Line[] }[] {
  const groups = new Map<string, Line[]>();
  for (const line of lines) groups.set(line.group, [...(groups.get(line.group) ?? []), line]);
  return [...groups].map(([group, members]) => ({ group, lines: members }));
}

function marksOf(lines: readonly Line[], { better, unit }: Column, index: number): ReadonlyMap<string, Rank> {
  if (better === "neither") return new Map();
  const means = lines.flatMap(({ cells }) => {
    const cell = cells[index];
    return cell?.type === "value" && cell.mean !== null && cell.isPartial !== true ? [cell.mean] : [];
  });
  const ordered = means.sort((a, b) => (better === "more" ? b - a : a - b));
  const [best, second, third] = [...new Set(ordered.map((mean) => numberText(mean, unit)))];
  if (best === undefined || second === undefined) return new Map();
  return new Map<string, Rank>([[best, "best"], ...(third === undefined ? [] : [[second, "second"] as const])]);
}

function unitOf({ columns }: TableModel, index: number): Column["unit"] {
  return columns[index]?.unit ?? "figure";
}

function sortKey(cell: Cell): string | number | null {
  switch (cell.type) {
    case "words":
      return cell.text;
    case "count":
      return cell.count;
    case "value":
      return cell.mean;
    case "runs":
      return cell.done;
    case "difference": {
      const { difference } = cell;
      if (difference === "reference") return 0;
      return difference === null || difference === "waiting" ? null : difference.difference;
    }
  }
}

function compare(a: string | number | null, b: string | number | null): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
