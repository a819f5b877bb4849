/** The table as text for other programs: Markdown, CSV and LaTeX, with the lines and the order that are shown. Pure. */
import type { CopyFormat } from "./protocol.ts";
import { type Cell, type Column, groupLines, type Line, numberText, type TableModel } from "./table-model.ts";
import { signedPercentText, texts } from "./texts.ts";

export type ShownTable = { readonly model: TableModel; readonly lines: readonly Line[] };

export function tableText(format: CopyFormat, table: ShownTable): string {
  switch (format) {
    case "markdown":
      return tableMarkdown(table);
    case "csv":
      return tableCsv(table);
    case "latex":
      return tableLatex(table);
  }
}

/** Best in bold, second best in italics. */
export function tableMarkdown({ model, lines }: ShownTable): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const marks = { best: "**", second: "*", none: "" } as const;
  const marked = (text: string, cell: Cell) => {
    const mark = cell.type === "value" ? marks[cell.rank] : "";
    return `${mark}${text}${mark}`;
  };
  return [
    row([model.head, ...model.columns.map(({ title }) => title)].map(markdownText)),
    row(["---", ...model.columns.map(() => "---:")]),
    ...lines.map(({ title, cells }) => {
      return row([markdownText(title), ...cells.map((cell, i) => marked(cellText(cell, model.columns[i]!), cell))]);
    }),
    "",
  ].join("\n");
}

/** Numbers as they are, not rounded; a value with its deviation, a difference with its ends, in columns of their own. */
export function tableCsv({ model, lines }: ShownTable): string {
  const split = model.columns.map((column, i) => csvColumns(column, i, lines));
  const head = [model.head, ...split.flatMap((columns) => columns.map(({ title }) => title))];
  const rows = lines.map((line) => [line.title, ...split.flatMap((columns) => columns.map(({ of }) => of(line)))]);
  return `${[head, ...rows].map((fields) => fields.map(csvField).join(",")).join("\n")}\n`;
}

/** With the rules of the package booktabs; groups are set apart while the lines stand in groups. */
export function tableLatex({ model, lines }: ShownTable): string {
  const row = (cells: readonly string[]) => `${cells.join(" & ")} \\\\`;
  const groups = groupLines(lines);
  const isGrouped = groups.flatMap((group) => group.lines).every((line, i) => line === lines[i]);
  const bodies = (isGrouped ? groups.map((group) => group.lines) : [lines]).map((members) =>
    members.map(({ title, cells }) => {
      return row([latexText(title), ...cells.map((cell, i) => latexCell(cell, model.columns[i]!))]);
    }),
  );
  return [
    "% \\usepackage{booktabs}",
    `\\begin{tabular}{l${"r".repeat(model.columns.length)}}`,
    "\\toprule",
    row([model.head, ...model.columns.map(({ title }) => title)].map(latexText)),
    ...bodies.flatMap((body) => ["\\midrule", ...body]),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

/** What a cell says in one line of plain text. */
export function cellText(cell: Cell, { unit }: Column): string {
  switch (cell.type) {
    case "words":
      return markdownText(cell.text);
    case "count":
      return cell.count === null ? "-" : String(cell.count);
    case "value": {
      if (cell.mean === null) return "-";
      const mean = numberText(cell.mean, unit);
      return cell.std === null ? mean : `${mean} ± ${numberText(cell.std, unit)}`;
    }
    case "difference":
      return differenceText(cell.difference);
    case "runs":
      return cell.missing.length === 0 ? String(cell.done) : texts.runsOf(cell.done, cell.done + cell.missing.length);
  }
}

function differenceText(difference: Extract<Cell, { type: "difference" }>["difference"]): string {
  if (difference === "reference") return texts.reference;
  if (difference === null || difference === "waiting") return "-";
  const signed = (value: number) => signedPercentText(value).replace("−", "-");
  const middle = signed(difference.difference);
  if (difference.basis === "interval") return `${middle} [${signed(difference.low)}, ${signed(difference.high)}]`;
  return difference.std === null ? middle : `${middle} ± ${numberText(difference.std, "share")}`;
}

function markdownText(text: string): string {
  return oneLine(text).replaceAll(/[\\|`*_[\]<>]/g, (character) => `\\${character}`);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

type CsvColumn = { readonly title: string; readonly of: (line: Line) => string | number | null };

function csvColumns(column: Column, index: number, lines: readonly Line[]): readonly CsvColumn[] {
  const { title } = column;
  const types = new Set(lines.map(({ cells }) => cells[index]?.type));
  const part = (suffix: string, of: (cell: Cell) => string | number | null): CsvColumn => ({
    title: `${title}${suffix}`,
    of: (line) => of(line.cells[index]!),
  });
  if (types.has("difference")) return differenceColumns(part);
  if (types.has("runs")) {
    return [
      part("", (cell) => (cell.type === "runs" ? cell.done : null)),
      part(" missing", (cell) => (cell.type === "runs" ? cell.missing.length : null)),
    ];
  }
  const plain = part("", plainValue);
  const hasStd = lines.some(({ cells }) => {
    const cell = cells[index];
    return cell?.type === "value" && cell.std !== null;
  });
  return hasStd ? [plain, part(" std", (cell) => (cell.type === "value" ? cell.std : null))] : [plain];
}

function differenceColumns(
  part: (suffix: string, of: (cell: Cell) => string | number | null) => CsvColumn,
): readonly CsvColumn[] {
  const found = (cell: Cell) => {
    const difference = cell.type === "difference" ? cell.difference : null;
    return difference === "reference" || difference === "waiting" ? null : difference;
  };
  return [
    part("", (cell) => found(cell)?.difference ?? null),
    part(" low", (cell) => {
      const difference = found(cell);
      return difference?.basis === "interval" ? difference.low : null;
    }),
    part(" high", (cell) => {
      const difference = found(cell);
      return difference?.basis === "interval" ? difference.high : null;
    }),
    part(" std", (cell) => {
      const difference = found(cell);
      return difference?.basis === "spread" ? difference.std : null;
    }),
  ];
}

function plainValue(cell: Cell): string | number | null {
  switch (cell.type) {
    case "words":
      return cell.text;
    case "count":
      return cell.count;
    case "value":
      return cell.mean;
    case "runs":
    case "difference":
      return null;
  }
}

/** Words that a spreadsheet would take for a formula are kept words by an apostrophe. */
function csvField(value: string | number | null): string {
  if (typeof value === "number") return String(value);
  const text = value === null ? "" : /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function latexCell(cell: Cell, column: Column): string {
  const text = cell.type === "words" ? latexText(cell.text) : latexText(cellText(cell, column)).replace("±", "$\\pm$");
  const signed = text.replaceAll(/(^|[[ ])-(?=\d)/g, "$1$-$").replaceAll(/(^|[[ ])\+(?=\d)/g, "$1$+$");
  if (cell.type !== "value" || cell.rank === "none") return signed === "-" ? "--" : signed;
  return cell.rank === "best" ? `\\textbf{${signed}}` : `\\underline{${signed}}`;
}

const latexCharacters: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
};

/** Every character that LaTeX would obey becomes one that it prints; after a line's end it would obey [ and * too. */
function latexText(text: string): string {
  const line = oneLine(text).replaceAll(
    /[\\~^<>|{}$&#%_]/g,
    (character) => latexCharacters[character] ?? `\\${character}`,
  );
  return /^[[*]/.test(line) ? `{}${line}` : line;
}
