/** The benchmark's figures as text and as Markdown. Pure. */

/** A contestant's figures. */
export type Row = {
  readonly what: string;
  readonly seconds?: number;
  readonly perSecond?: number;
  /** To the first of its section. */
  readonly ratio?: number;
  readonly peakBytes?: number;
};

export type Section = { readonly title: string; readonly unit: string; readonly rows: readonly Row[] };

export type Report = {
  readonly date: string;
  readonly machine: string;
  /** What the model is called. */
  readonly model: string;
  readonly resolution: number;
  readonly dedicated: boolean;
  readonly sections: readonly Section[];
};

/** What LoFT should reach beside Python: the rate of a row against that of another. */
const goals = [
  ["Training", "LoFT, 16 at once", "Python, plain", 3],
  ["Training", "LoFT, 16 at once", "Python, latents precomputed, fused AdamW", 2.5],
  ["Training", "LoFT, 16 at once", "Python, 16 lanes in own PyTorch code", 1.2],
  ["Sampling", "LoFT, 16 at once, each its own pair", "Python, one at a time", 3],
  ["Sampling", "LoFT, 4 at once, each its own pair", "Python, one at a time", 3],
  ["Sampling", "LoFT, 16 at once, each its own pair", "Python, merged pair, batch 4", 1.6],
  ["Sampling", "LoFT, 4 at once, each its own pair", "Python, merged pair, batch 4", 1.6],
  ["Classifiers", "LoFT, CLIP, 1 alone", "Python, CLIP", 1],
  ["Classifiers", "LoFT, CLIP, 3 at once", "Python, CLIP", 1],
] as const;

/** For a terminal. */
export function textReport(report: Report): string {
  const tables = [...report.sections.map(cellsOf), goalCells(report)].filter((table) => 1 < table.length);
  return `${[heading(report), ...tables.map(aligned)].join("\n\n")}\n`;
}

function aligned(table: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...table.map((row) => row[column]!.length));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(width(0)) : cell.padStart(width(column)))).join("  ");
  return table.map(line).join("\n");
}

/** The same as Markdown between the marks that name the model, in the place of what stood there. */
export function insertTables(document: string, report: Report): string {
  const [begin, end] = ["begin", "end"].map((word) => `<!-- bench ${report.model} ${word} -->`) as [string, string];
  const [start, stop] = [document.indexOf(begin), document.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`The file has no lines "${begin}" and "${end}".`);
  return `${document.slice(0, start + begin.length)}\n${markdown(report)}\n${document.slice(stop)}`;
}

function markdown(report: Report): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const tables = [...report.sections.map(cellsOf), goalCells(report)]
    .filter((table) => 1 < table.length)
    .map(([head, ...body]) => [
      row(head!),
      row(head!.map((_, column) => (column === 0 ? "---" : "---:"))),
      ...body.map(row),
    ]);
  return [heading(report), ...tables.map((lines) => lines.join("\n"))].join("\n\n");
}

function heading({ date, machine, model, resolution, dedicated }: Report): string {
  return `${model} at ${resolution} pixels, ${date}: ${machine}${dedicated ? ", device.dedicated" : ""}.`;
}

/** A head and a row of cells for each contestant; columns that nobody fills are left out. */
function cellsOf({ title, unit, rows }: Section): readonly (readonly string[])[] {
  const isSwitching = title === "Switching";
  const columns = [
    [title, (row: Row) => row.what],
    ["s", ({ seconds }: Row) => seconds?.toFixed(2)],
    [unit, ({ perSecond }: Row) => (isSwitching || perSecond === undefined ? undefined : significant(perSecond))],
    ["ms a pair", ({ perSecond }: Row) => (isSwitching ? significant(1000 / perSecond!) : undefined)],
    ["to the first", ({ ratio }: Row) => (isSwitching || ratio === undefined ? undefined : ratio.toFixed(2))],
    [
      "peak memory, MB",
      ({ peakBytes }: Row) => (peakBytes === undefined ? undefined : String(Math.round(peakBytes / 1e6))),
    ],
  ] as const;
  const used = columns.filter(([, cell]) => rows.some((row) => cell(row) !== undefined));
  return [used.map(([name]) => name), ...rows.map((row) => used.map(([, cell]) => cell(row) ?? ""))];
}

function goalCells({ sections }: Report): readonly (readonly string[])[] {
  const rate = (title: string, what: string) =>
    sections.find((section) => section.title.startsWith(title))?.rows.find((row) => row.what === what)?.perSecond;
  const rows = goals.flatMap(([title, own, other, goal]) => {
    const [ownRate, otherRate] = [rate(title, own), rate(title, other)];
    if (ownRate === undefined || otherRate === undefined) return [];
    const ratio = ownRate / otherRate;
    return [[`${title}: ${own}, to ${other}`, ratio.toFixed(2), String(goal), ratio < goal ? "missed" : "reached"]];
  });
  return [["Goals", "ratio", "goal", ""], ...rows];
}

function significant(value: number): string {
  return value < 100 ? value.toPrecision(3) : value.toFixed(0);
}
