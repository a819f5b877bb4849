/** Marks go by what is read, sorting leaves what is unknown last, and groups stay together. */
import { describe, expect, it } from "vitest";
import {
  type Cell,
  type Column,
  groupLines,
  markBest,
  nextSort,
  sortLines,
  type TableModel,
} from "../../../webviews/results/table-model.ts";

const more: Column = { key: "accuracy", title: "Accuracy", unit: "share", better: "more" };
const less: Column = { key: "ece", title: "ECE", unit: "share", better: "less" };
const either: Column = { key: "diversity", title: "Diversity", unit: "figure", better: "neither" };

function value(mean: number | null): Cell {
  return { type: "value", mean, std: null, rank: "none" };
}

function model(column: Column, means: readonly (number | null)[]): TableModel {
  const lines = means.map((mean, i) => ({
    id: `r${i}`,
    title: `Row ${i}`,
    label: `Row ${i}`,
    group: i % 2 === 0 ? "even" : "odd",
    cells: [value(mean)],
  }));
  return { caption: "c", head: "Row", columns: [column], lines };
}

function ranks({ lines }: TableModel): readonly string[] {
  return lines.map(({ cells: [cell] }) => (cell?.type === "value" ? cell.rank : "?"));
}

describe("markBest", () => {
  it.each([
    { column: more, means: [0.5, 0.9, 0.7], marks: ["none", "best", "second"] },
    { column: less, means: [0.5, 0.9, 0.7], marks: ["best", "none", "second"] },
    { column: either, means: [0.5, 0.9, 0.7], marks: ["none", "none", "none"] },
    // Both read 90.0.
    { column: more, means: [0.9001, 0.9004, 0.7, 0.8], marks: ["best", "best", "none", "second"] },
    { column: more, means: [0.9, 0.7], marks: ["best", "none"] },
    { column: more, means: [0.9, 0.9], marks: ["none", "none"] },
    { column: more, means: [0.9, null, 0.8, null, 0.7], marks: ["best", "none", "second", "none", "none"] },
    { column: more, means: [null], marks: ["none"] },
    { column: more, means: [], marks: [] },
  ])("gives $means the marks $marks where $column.better is better", ({ column, means, marks }) => {
    expect(ranks(markBest(model(column, means)))).toEqual(marks);
  });
});

describe("sortLines", () => {
  const table = model(more, [0.5, null, 0.9, 0.5]);
  const ids = (sort: Parameters<typeof sortLines>[1]) => sortLines(table, sort).map(({ id }) => id);

  it("keeps the order of equals, and puts what is unknown last, both ways", () => {
    expect(ids({ column: "accuracy", isFalling: true })).toEqual(["r2", "r0", "r3", "r1"]);
    expect(ids({ column: "accuracy", isFalling: false })).toEqual(["r0", "r3", "r2", "r1"]);
  });

  it("leaves the table alone without a sort, and for a column that it has not", () => {
    expect(ids(undefined)).toEqual(["r0", "r1", "r2", "r3"]);
    expect(ids({ column: "ece", isFalling: true })).toEqual(["r0", "r1", "r2", "r3"]);
  });

  it("sorts titles with the numbers in them", () => {
    const names = ["Row, 16 shots", "Row, 4 shots", "A row"];
    const lines = names.map((label, i) => ({ ...model(more, [i]).lines[0]!, id: label, label }));
    const sorted = sortLines({ ...table, lines }, { column: "title", isFalling: false });
    expect(sorted.map(({ label }) => label)).toEqual(["A row", "Row, 4 shots", "Row, 16 shots"]);
  });

  it("sorts differences with the reference at 0", () => {
    const differences = [-0.1, "reference", 0.1, null] as const;
    const lines = differences.map((each, i) => {
      const difference = typeof each === "number" ? ({ basis: "spread", difference: each, std: null } as const) : each;
      return { ...model(more, [0]).lines[0]!, id: `r${i}`, cells: [{ type: "difference", difference } as const] };
    });
    const sorted = sortLines({ ...table, lines }, { column: "accuracy", isFalling: true });
    expect(sorted.map(({ id }) => id)).toEqual(["r2", "r1", "r0", "r3"]);
  });
});

it("nextSort begins with the good end, turns, and ends with the table's own order", () => {
  const first = nextSort(undefined, "accuracy", "more");
  expect(first).toEqual({ column: "accuracy", isFalling: true });
  const second = nextSort(first, "accuracy", "more");
  expect(second).toEqual({ column: "accuracy", isFalling: false });
  expect(nextSort(second, "accuracy", "more")).toBeUndefined();
  expect(nextSort(second, "ece", "less")).toEqual({ column: "ece", isFalling: false });
});

it("groupLines puts lines of one group together", () => {
  const groups = groupLines(model(more, [1, 2, 3]).lines);
  expect(groups.map(({ group, lines }) => [group, lines.map(({ id }) => id)])).toEqual([
    ["even", ["r0", "r2"]],
    ["odd", ["r1"]],
  ]);
});
