/** Exports a run: its adapters in the files of other tools, or its dataset as tables, tar shards or Parquet. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { removeTornFiles, writeError, writeFileAtomic } from "../base/atomic-file.ts";
import { loftError, unreachable } from "../base/errors.ts";
import { hashOf, sha256 } from "../base/hash.ts";
import { writeParquet } from "../data/export-parquet.ts";
import { type ExportDataset, readExportDataset } from "../data/export-rows.ts";
import { csvText, jsonLinesText } from "../data/export-table.ts";
import { writeWebDataset } from "../data/export-webdataset.ts";
import { datasetPaths } from "../data/synthetic-dataset.ts";
import { curationFile, isRejected, readCuration } from "./curation.ts";
import { type AdapterFormat, exportAdapters, finishedAdapters } from "./export-adapters.ts";
import type { ExportDtype, ExportFormat } from "./export-formats.ts";

export type ExportRequest = {
  /** The run folder. */
  readonly root: string;
  readonly format: ExportFormat;
  /** An empty or new folder, or one in which the same export was stopped. */
  readonly output: string;
  /** Element type of adapters. */
  readonly dtype: ExportDtype;
  readonly signal: AbortSignal;
};

/** How many adapters or images were exported. */
export type ExportCount =
  | { readonly adapters: number }
  /** `rejected`: images that the user's curation leaves out, where there are any. */
  | { readonly images: number; readonly rejected?: number };

/**
 * Export a run. The run folder is only read.
 * @throws LoftError "run-damaged" when the run has not what is asked for, "output-not-empty", "adapter-invalid",
 *   "file-vanished", "file-unreadable", "disk-full", "output-unwritable"; the signal's reason
 */
export async function exportRun(request: ExportRequest): Promise<ExportCount> {
  const { format } = request;
  switch (format) {
    case "adapters-kohya":
      return exportAs("kohya", request);
    case "adapters-peft":
      return exportAs("peft", request);
    case "adapters-diffusers":
      return exportAs("diffusers", request);
    case "csv":
    case "jsonl":
    case "webdataset":
    case "parquet":
      return exportDataset(format, request);
    default:
      return unreachable(format);
  }
}

async function exportAs(format: AdapterFormat, request: ExportRequest): Promise<ExportCount> {
  const { root, output, dtype, signal } = request;
  const places = await finishedAdapters(root);
  await intoFolder(
    request,
    places.map(({ id }) => id),
    () => exportAdapters(root, places, output, { format, dtype: dtype === "f16" ? "F16" : "F32", signal }),
  );
  return { adapters: places.length };
}

async function exportDataset(
  format: Exclude<ExportFormat, `adapters-${string}`>,
  request: ExportRequest,
): Promise<ExportCount> {
  const { dataset, rejected } = await withoutRejected(await readExportDataset(request.root));
  const { output, signal } = request;
  const write = async () => {
    switch (format) {
      case "csv":
        return writeFileAtomic(join(output, "train.csv"), csvText(dataset));
      case "jsonl":
        return writeFileAtomic(join(output, "train.jsonl"), jsonLinesText(dataset));
      case "webdataset":
        return writeWebDataset(output, dataset, { signal });
      case "parquet":
        return writeParquet(output, dataset, { signal });
      default:
        return unreachable(format);
    }
  };
  await intoFolder(request, [sha256(jsonLinesText(dataset))], write);
  return { images: dataset.rows.length, ...(rejected === 0 ? {} : { rejected }) };
}

/**
 * Leave out what the user rejected; a verdict on a picture that was made anew since then counts no more.
 * @throws LoftError "run-damaged" when nothing is left
 */
async function withoutRejected(dataset: ExportDataset): Promise<{ dataset: ExportDataset; rejected: number }> {
  const curation = await readCuration(dataset.root);
  const rows = dataset.rows.filter(
    ({ fileName, sha256: hash }) => !isRejected(curation, { file: `${datasetPaths.train}/${fileName}`, sha256: hash }),
  );
  if (0 < rows.length) return { dataset: { ...dataset, rows }, rejected: dataset.rows.length - rows.length };
  throw loftError("run-damaged", {
    what: `Every image of ${dataset.root} is rejected in ${curationFile}.`,
    fix: "Keep some of them in the Samples panel, or delete that file.",
  });
}

/** Stands in the folder while an export is not finished, and says what it is of. */
const markerName = ".loft-export";

/**
 * Write into an empty folder, or over what the same export left there when it was stopped: shards of another export
 * beside these would be read as one dataset.
 */
async function intoFolder(
  { output, format, dtype }: ExportRequest,
  content: readonly string[],
  write: () => Promise<unknown>,
): Promise<void> {
  const marker = join(output, markerName);
  const own = hashOf({ format, dtype, content });
  const names = await openFolder(output);
  const found = names.includes(markerName) ? await readFile(marker, "utf8").catch(() => "") : "";
  if (0 < names.length && found !== own) throw notEmpty(output, names);
  await removeTornFiles(output);
  await writeFileAtomic(marker, own);
  await write();
  await rm(marker, { force: true });
}

async function openFolder(output: string): Promise<readonly string[]> {
  try {
    await mkdir(output, { recursive: true });
    return (await readdir(output)).sort();
  } catch (error) {
    throw writeError(error, output);
  }
}

function notEmpty(output: string, names: readonly string[]) {
  return loftError("output-not-empty", {
    what: `${output} already holds ${names.length} entries (${names.slice(0, 3).join(", ")}).`,
    fix: "Choose an empty or new folder with --output.",
  });
}
