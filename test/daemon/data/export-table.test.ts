/** Tables of a dataset's rows, read back. */
import { expect, it } from "vitest";
import { readExportDataset } from "../../../daemon/data/export-rows.ts";
import { csvText, jsonLinesText } from "../../../daemon/data/export-table.ts";
import { metadataColumns } from "../../../daemon/data/metadata-lines.ts";
import { writeDatasetFolder } from "../../support/dataset-folder.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

async function dataset() {
  const root = await temporaryFolder();
  await writeDatasetFolder(root);
  return readExportDataset(root);
}

it("JSON lines hold every column and the file in the run folder", async () => {
  const read = await dataset();
  const lines = jsonLinesText(read).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    read.rows.map(({ fileName, columns }) => ({ file: `data/train/${fileName}`, ...columns })),
  );
});

it("CSV comes back the same, commas, quotes and line breaks included", async () => {
  const read = await dataset();
  const [header, ...rows] = parseCsv(csvText(read));
  expect(header).toEqual(["file", ...metadataColumns.map(([name]) => name)]);
  const back = rows.map((cells) =>
    Object.fromEntries(
      metadataColumns.map(([name, type], index) => {
        const cell = cells[index + 1]!;
        return [name, type === "string" ? cell : JSON.parse(cell)];
      }),
    ),
  );
  expect(back).toEqual(read.rows.map(({ columns }) => columns));
  expect(rows.map(([file]) => file)).toEqual(read.rows.map(({ fileName }) => `data/train/${fileName}`));
});

/** A reader after RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, cell, end] of text.matchAll(/("(?:[^"]|"")*"|[^,"\n]*)(,|\n)/g)) {
    row.push(cell!.startsWith('"') ? cell!.slice(1, -1).replaceAll('""', '"') : cell!);
    if (end === "\n") {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
