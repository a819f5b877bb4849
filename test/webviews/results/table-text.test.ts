/** Copies of a table with everything that a format could trip over. */
import { describe, expect, it } from "vitest";
import type { Cell, TableModel } from "../../../webviews/results/table-model.ts";
import { type ShownTable, tableText } from "../../../webviews/results/table-text.ts";

const interval = { basis: "interval", difference: 0.051, low: -0.004, high: 0.1, confidence: 0.95 } as const;

function line(title: string, group: string, cells: readonly Cell[]) {
  return { id: title, title, label: title, group, cells };
}

const model: TableModel = {
  caption: "c",
  head: "Row",
  columns: [
    { key: "shots", title: "Shots", unit: "count", better: "neither" },
    { key: "accuracy", title: "Accuracy", unit: "share", better: "more" },
    { key: "difference", title: "Difference [95 %]", unit: "share", better: "more" },
    { key: "class 0", title: "a|b & c_d", unit: "share", better: "more" },
    { key: "runs", title: "Runs", unit: "count", better: "neither" },
  ],
  lines: [
    line("=HYPERLINK(1)", "x", [
      { type: "count", count: null },
      { type: "value", mean: 0.6666666666, std: null, rank: "none" },
      { type: "difference", difference: "reference" },
      { type: "value", mean: 1, std: null, rank: "second" },
      { type: "runs", done: 1, missing: [] },
    ]),
    line('[50 %] #1 ~$x^2\\ {é}, "q"\n<b>*', "y", [
      { type: "count", count: 4 },
      { type: "value", mean: 0.853, std: 0.0125, rank: "best" },
      { type: "difference", difference: interval },
      { type: "value", mean: null, std: null, rank: "none" },
      { type: "runs", done: 2, missing: [{ seed: 2, reason: "r" }] },
    ]),
    line("LoFT", "y", [
      { type: "count", count: 4 },
      { type: "value", mean: 0.8, std: 0.1, rank: "second" },
      { type: "difference", difference: { basis: "spread", difference: -0.02, std: 0.01 } },
      { type: "value", mean: 0.5, std: null, rank: "none" },
      { type: "runs", done: 3, missing: [] },
    ]),
  ],
};

const table: ShownTable = { model, lines: model.lines };

describe("tableText", () => {
  it("is Markdown", () => {
    expect(tableText("markdown", table)).toMatchInlineSnapshot(`
      "| Row | Shots | Accuracy | Difference \\[95 %\\] | a\\|b & c\\_d | Runs |
      | --- | ---: | ---: | ---: | ---: | ---: |
      | =HYPERLINK(1) | - | 66.7 | reference | *100.0* | 1 |
      | \\[50 %\\] #1 ~$x^2\\\\ {é}, "q" \\<b\\>\\* | 4 | **85.3 ± 1.3** | +5.1 [-0.4, +10.0] | - | 2 of 3 |
      | LoFT | 4 | *80.0 ± 10.0* | -2.0 ± 1.0 | 50.0 | 3 |
      "
    `);
  });

  it("is CSV with the numbers as they are", () => {
    expect(tableText("csv", table)).toMatchInlineSnapshot(`
      "Row,Shots,Accuracy,Accuracy std,Difference [95 %],Difference [95 %] low,Difference [95 %] high,Difference [95 %] std,a|b & c_d,Runs,Runs missing
      '=HYPERLINK(1),,0.6666666666,,,,,,1,1,0
      "[50 %] #1 ~$x^2\\ {é}, ""q""
      <b>*",4,0.853,0.0125,0.051,-0.004,0.1,,,2,1
      LoFT,4,0.8,0.1,-0.02,,,0.01,0.5,3,0
      "
    `);
  });

  it("is LaTeX that compiles: every special character escaped, every line of as many cells", () => {
    const text = tableText("latex", table);
    expect(text).toMatchInlineSnapshot(`
      "% \\usepackage{booktabs}
      \\begin{tabular}{lrrrrr}
      \\toprule
      Row & Shots & Accuracy & Difference [95 \\%] & a\\textbar{}b \\& c\\_d & Runs \\\\
      \\midrule
      =HYPERLINK(1) & -- & 66.7 & reference & \\underline{100.0} & 1 \\\\
      \\midrule
      {}[50 \\%] \\#1 \\textasciitilde{}\\$x\\textasciicircum{}2\\textbackslash{} \\{é\\}, "q" \\textless{}b\\textgreater{}* & 4 & \\textbf{85.3 $\\pm$ 1.3} & $+$5.1 [$-$0.4, $+$10.0] & -- & 2 of 3 \\\\
      LoFT & 4 & \\underline{80.0 $\\pm$ 10.0} & $-$2.0 $\\pm$ 1.0 & 50.0 & 3 \\\\
      \\bottomrule
      \\end{tabular}
      "
    `);
    const rows = text.split("\n").filter((row) => row.endsWith("\\\\"));
    expect(rows.length).toBe(4);
    for (const row of rows) expect(row.replaceAll("\\&", "").split(" & ").length, row).toBe(6);
    const bare = text
      .split("\n")
      .slice(2)
      .join("\n")
      .replaceAll(/\\[a-z]+\{?|\\[^a-z]/g, "");
    expect(bare).not.toMatch(/[#%_~^\\]/);
  });

  it("keeps a sorted order in one body", () => {
    const sorted = { model, lines: [model.lines[1]!, model.lines[0]!, model.lines[2]!] };
    expect(tableText("latex", sorted).match(/\\midrule/g)?.length).toBe(1);
    expect(tableText("latex", table).match(/\\midrule/g)?.length).toBe(2);
  });

  it.each(["markdown", "csv", "latex"] as const)("is %s without lines too", (format) => {
    expect(tableText(format, { model, lines: [] })).toContain("Accuracy");
  });
});
