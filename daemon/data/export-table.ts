/** A dataset's rows as text tables: JSON lines and CSV. Pure. */
import type { ColumnValue, ExportDataset, ExportRow } from "./export-rows.ts";
import { metadataColumns } from "./metadata-lines.ts";
import { datasetPaths } from "./synthetic-dataset.ts";

/** One JSON object a line; `file` is relative to the run folder. */
export function jsonLinesText({ rows }: ExportDataset): string {
  return rows.map((row) => `${JSON.stringify({ file: fileOf(row), ...row.columns })}\n`).join("");
}

/** A header line and one line an image (RFC 4180, but with plain newlines); lists stand as JSON in their cell. */
export function csvText({ rows }: ExportDataset): string {
  const names = metadataColumns.map(([name]) => name);
  const lines = rows.map((row) => [fileOf(row), ...names.map((name) => cellText(row.columns[name]!))]);
  return [["file", ...names], ...lines].map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
}

function fileOf({ fileName }: ExportRow): string {
  return `${datasetPaths.train}/${fileName}`;
}

function cellText(value: ColumnValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
