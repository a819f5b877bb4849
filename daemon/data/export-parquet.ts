/**
 * A dataset as Parquet files with the schema of Hugging Face's `datasets`: the image as struct{bytes, path}, the label
 * as ClassLabel, told in the `huggingface` metadata of each file.
 */
import { join } from "node:path";
import type { ColumnSource, SchemaElement } from "hyparquet-writer";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftVersion } from "../base/version.ts";
import {
  type ColumnType,
  type ColumnValue,
  cutBySize,
  type ExportDataset,
  type ExportRow,
  exportImageSizes,
  readExportImage,
} from "./export-rows.ts";
import type { ShardOptions } from "./export-webdataset.ts";
import { metadataColumns } from "./metadata-lines.ts";

/** A file is put together in memory, so it is smaller than readers would allow. */
const largestFile = 250_000_000;

/** Rows that readers load at once; images are large. */
const rowGroupRows = 100;

/**
 * Write `data/train-00000-of-0000N.parquet` and so on into `folder`. Equal datasets give equal bytes.
 * @returns the files' names
 * @throws LoftError "file-vanished", "file-unreadable", "run-damaged" as readExportImage; "disk-full",
 *   "output-unwritable"; the signal's reason
 */
export async function writeParquet(
  folder: string,
  dataset: ExportDataset,
  { shardBytes = largestFile, signal }: ShardOptions = {},
): Promise<readonly string[]> {
  const files = cutBySize(dataset.rows, await exportImageSizes(dataset), shardBytes);
  const names: string[] = [];
  for (const [index, rows] of files.entries()) {
    const part = (number: number) => String(number).padStart(5, "0");
    const name = `data/train-${part(index)}-of-${part(files.length)}.parquet`;
    await writeFileAtomic(join(folder, name), await fileContent(dataset, rows, signal));
    names.push(name);
  }
  return names;
}

async function fileContent(
  dataset: ExportDataset,
  rows: readonly ExportRow[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema,
    createdBy: `loft ${loftVersion}`,
    kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features: featuresOf(dataset) } }) }],
  });
  for (let start = 0; start < rows.length; start += rowGroupRows) {
    signal?.throwIfAborted();
    const group = rows.slice(start, start + rowGroupRows);
    const images: { readonly bytes: Uint8Array; readonly path: string }[] = [];
    for (const row of group) images.push({ bytes: await readExportImage(dataset, row), path: row.fileName });
    await writer.write({ columnData: columnsOf(group, images), rowGroupSize: group.length });
  }
  await writer.finish();
  return bytes.getBytes();
}

function columnsOf(rows: readonly ExportRow[], images: object[]): ColumnSource[] {
  // PNG files are compressed already, and their smallest and largest bytes tell nothing.
  const image = { name: "image", data: images, codec: "UNCOMPRESSED", statistics: false } as const;
  const others = metadataColumns.map(([name, type]) => ({
    name,
    data: rows.map(({ columns }) => stored(columns[name]!, type)),
  }));
  return [image, ...others];
}

/** The writer takes 64-bit integers as such. */
function stored(value: ColumnValue, type: ColumnType): unknown {
  return type === "int64" || type === "label" ? BigInt(value as number) : value;
}

type Leaf = Pick<SchemaElement, "type" | "converted_type" | "logical_type">;

const text: Leaf = { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } };

const leaves: Readonly<Record<Exclude<ColumnType, `${string}[]`>, Leaf>> = {
  string: text,
  label: { type: "INT64" },
  int64: { type: "INT64" },
  float64: { type: "DOUBLE" },
  bool: { type: "BOOLEAN" },
};

/** As pyarrow writes these types: everything may be null, lists have three levels. */
const schema: SchemaElement[] = [
  { name: "schema", num_children: metadataColumns.length + 1 },
  { name: "image", repetition_type: "OPTIONAL", num_children: 2 },
  { name: "bytes", repetition_type: "OPTIONAL", type: "BYTE_ARRAY" },
  { name: "path", repetition_type: "OPTIONAL", ...text },
  ...metadataColumns.flatMap(([name, type]) => columnSchema(name, type)),
];

function columnSchema(name: string, type: ColumnType): SchemaElement[] {
  switch (type) {
    case "string[]":
    case "float64[]":
      return [
        { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", repetition_type: "OPTIONAL", ...leaves[type === "string[]" ? "string" : "float64"] },
      ];
    default:
      return [{ name, repetition_type: "OPTIONAL", ...leaves[type] }];
  }
}

/** The features as `datasets` writes them into its own files. */
function featuresOf({ classNames }: ExportDataset): Record<string, unknown> {
  const columns = metadataColumns.map(([name, type]) => [name, featureOf(type, classNames)] as const);
  return { image: { _type: "Image" }, ...Object.fromEntries(columns) };
}

function featureOf(type: ColumnType, classNames: readonly string[]): unknown {
  switch (type) {
    case "label":
      return { names: classNames, _type: "ClassLabel" };
    case "string[]":
    case "float64[]":
      // Versions before 4 know lists by this name only, and later ones know it too.
      return { feature: { dtype: type.slice(0, -2), _type: "Value" }, _type: "Sequence" };
    default:
      return { dtype: type, _type: "Value" };
  }
}
