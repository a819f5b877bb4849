/** The rows of a finished dataset as exports need them: read from the run folder and checked, so that no export is of a damaged set. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { loftError } from "../base/errors.ts";
import { fileErrorCode, readError } from "../base/file-errors.ts";
import { sha256 } from "../base/hash.ts";
import { compareCodePoints } from "./code-point-order.ts";
import { metadataColumns } from "./metadata-lines.ts";
import { datasetPaths } from "./synthetic-dataset.ts";

export type ColumnType = (typeof metadataColumns)[number][1];
export type ColumnValue = string | number | boolean | readonly string[] | readonly number[];

/** One image: its file, relative to `data/train` with forward slashes, and the columns of metadata.jsonl. */
export type ExportRow = {
  readonly fileName: string;
  readonly label: number;
  readonly sha256: string;
  readonly columns: Readonly<Record<string, ColumnValue>>;
};

export type ExportDataset = {
  /** The run folder. */
  readonly root: string;
  /** Names by label; folders where two classes have one name. */
  readonly classNames: readonly string[];
  /** The text of classes.json. */
  readonly classesText: string;
  /** In the order of the files. */
  readonly rows: readonly ExportRow[];
};

/**
 * Read what a finished run says of its images.
 * @throws LoftError "run-damaged" when there is no finished dataset or its files make no sense
 */
export async function readExportDataset(root: string): Promise<ExportDataset> {
  const classesText = await readPart(root, datasetPaths.classes);
  const classNames = parseClasses(root, classesText);
  const lines = (await readPart(root, datasetPaths.metadata)).split("\n").filter((line) => line.trim() !== "");
  const rows = lines.map((line, index) => parseRow(root, line, index + 1, classNames.length));
  if (rows.length === 0) throw damaged(root, `${datasetPaths.metadata} lists no images`);
  if (new Set(rows.map(({ fileName }) => fileName)).size !== rows.length) {
    throw damaged(root, `${datasetPaths.metadata} lists an image twice`);
  }
  return { root, classNames, classesText, rows: rows.sort(byFile) };
}

/**
 * The PNG file of a row.
 * @throws LoftError "file-vanished", "file-unreadable"; "run-damaged" when it is not the image that the row describes
 */
export async function readExportImage({ root }: ExportDataset, row: ExportRow): Promise<Uint8Array> {
  const file = imagePath(root, row);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw readError(error, file);
  });
  if (sha256(bytes) === row.sha256) return bytes;
  throw loftError("run-damaged", {
    what: `${file} is not the image that ${datasetPaths.metadata} describes: its SHA-256 differs.`,
    fix: "Delete that one file and run `loft generate` again, which makes it as it was; then export again.",
  });
}

/** The bytes of each row's file, in order, without reading them. */
export async function exportImageSizes({ root, rows }: ExportDataset): Promise<readonly number[]> {
  const sizes: number[] = [];
  for (const row of rows) {
    const file = imagePath(root, row);
    const { size } = await stat(file).catch((error: unknown) => {
      throw readError(error, file);
    });
    sizes.push(size);
  }
  return sizes;
}

/**
 * Cut a list into runs whose sizes add up to `limit` at most; what is larger by itself is alone.
 * @param sizes of the items, in their order
 */
export function cutBySize<T>(items: readonly T[], sizes: readonly number[], limit: number): readonly (readonly T[])[] {
  const runs: T[][] = [];
  let left = 0;
  for (const [index, item] of items.entries()) {
    const size = sizes[index]!;
    if (runs.length === 0 || left < size) {
      runs.push([]);
      left = limit;
    }
    runs.at(-1)!.push(item);
    left -= size;
  }
  return runs;
}

function imagePath(root: string, { fileName }: ExportRow): string {
  return join(root, ...datasetPaths.train.split("/"), ...fileName.split("/"));
}

async function readPart(root: string, part: string): Promise<string> {
  const file = join(root, ...part.split("/"));
  return readFile(file, "utf8").catch((error: unknown) => {
    if (fileErrorCode(error) === "ENOENT" || fileErrorCode(error) === "ENOTDIR")
      throw damaged(root, `${part} is missing`);
    throw readError(error, file);
  });
}

function parseClasses(root: string, text: string): readonly string[] {
  const classes = parseJson(text);
  const isClass = (value: unknown, index: number) =>
    isRecord(value) && value.index === index && typeof value.name === "string" && typeof value.folder === "string";
  if (!Array.isArray(classes) || !classes.every(isClass))
    throw damaged(root, `${datasetPaths.classes} is no list of classes`);
  const names = classes.map(({ name }) => name as string);
  return new Set(names).size === names.length ? names : classes.map(({ folder }) => folder as string);
}

function parseRow(root: string, line: string, number: number, classCount: number): ExportRow {
  const json = parseJson(line);
  const wrong = (reason: string) => damaged(root, `line ${number} of ${datasetPaths.metadata} ${reason}`);
  if (!isRecord(json)) throw wrong("is not a JSON object");
  const { file_name: fileName, label } = json;
  if (typeof fileName !== "string" || !/^[^/\\]+\/[^/\\]+$/.test(fileName) || fileName.split("/").includes("..")) {
    throw wrong(`has the file_name ${JSON.stringify(fileName)}`);
  }
  const missing = metadataColumns.find(([name, type]) => !isOfType(json[name], type));
  if (missing !== undefined) throw wrong(`has ${missing[0]}: ${JSON.stringify(json[missing[0]])}`);
  if (classCount <= (label as number)) throw wrong(`has label ${label}, which is no class`);
  const columns = Object.fromEntries(metadataColumns.map(([name]) => [name, json[name] as ColumnValue]));
  return { fileName, label: label as number, sha256: json.sha256 as string, columns };
}

function isOfType(value: unknown, type: ColumnType): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "float64":
      return Number.isFinite(value);
    case "int64":
      return Number.isSafeInteger(value);
    case "label":
      return Number.isSafeInteger(value) && 0 <= (value as number);
    case "string[]":
      return Array.isArray(value) && value.every((member) => isOfType(member, "string"));
    case "float64[]":
      return Array.isArray(value) && value.every((member) => isOfType(member, "float64"));
  }
}

function byFile(left: ExportRow, right: ExportRow): number {
  return compareCodePoints(left.fileName, right.fileName);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function damaged(root: string, reason: string) {
  return loftError("run-damaged", {
    what: `${root} has no dataset that can be exported: ${reason}.`,
    fix: "Give the folder of a run that `loft generate` finished; running it again writes the dataset's files anew.",
  });
}
