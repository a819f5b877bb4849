/**
 * A dataset as WebDataset shards: tar files whose members of one sample stand together and share a name,
 * `000001.cls`, `000001.json`, `000001.png`.
 */
import { join } from "node:path";
import { packTar } from "modern-tar";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { cutBySize, type ExportDataset, type ExportRow, exportImageSizes, readExportImage } from "./export-rows.ts";

export type ShardOptions = {
  /** Bytes of a shard at most; a sample that is larger by itself gets its own. */
  readonly shardBytes?: number;
  readonly signal?: AbortSignal;
};

/** What readers expect at most. */
const largestShard = 1_000_000_000;

/** A block of a tar file; the archive ends with two of zeros. */
const blockBytes = 512;

/**
 * Write `train-000000.tar` and so on, and `classes.json`, into `folder`. Equal datasets give equal bytes.
 * Samples are numbered across the classes, first images first, so that every shard holds every class.
 * @returns the files' names
 * @throws LoftError "file-vanished", "file-unreadable", "run-damaged" as readExportImage; "disk-full",
 *   "output-unwritable"; the signal's reason
 */
export async function writeWebDataset(
  folder: string,
  dataset: ExportDataset,
  { shardBytes = largestShard, signal }: ShardOptions = {},
): Promise<readonly string[]> {
  const sizes = await exportImageSizes(dataset);
  const samples = numbered(dataset.rows.map((row, index) => ({ row, imageBytes: sizes[index]! })));
  const shards = cutBySize(samples, samples.map(sampleBytes), shardBytes - 2 * blockBytes);
  const names: string[] = [];
  for (const [index, shard] of shards.entries()) {
    const name = `train-${String(index).padStart(6, "0")}.tar`;
    await writeFileAtomic(join(folder, name), shardContent(dataset, shard, signal));
    names.push(name);
  }
  await writeFileAtomic(join(folder, "classes.json"), dataset.classesText);
  return [...names, "classes.json"];
}

type Sample = { readonly key: string; readonly row: ExportRow; readonly json: string; readonly imageBytes: number };

/** Samples with their keys: the first image of each class, the second of each, and so on. */
function numbered(images: readonly { readonly row: ExportRow; readonly imageBytes: number }[]): readonly Sample[] {
  const counts = new Map<number, number>();
  const placed = images.map((image) => {
    const turn = counts.get(image.row.label) ?? 0;
    counts.set(image.row.label, turn + 1);
    return { ...image, turn };
  });
  placed.sort((left, right) => left.turn - right.turn || left.row.label - right.row.label);
  const digits = Math.max(6, String(images.length).length);
  return placed.map(({ row, imageBytes }, index) => ({
    key: String(index + 1).padStart(digits, "0"),
    row,
    json: JSON.stringify({ file_name: row.fileName, ...row.columns }),
    imageBytes,
  }));
}

function sampleBytes({ row, json, imageBytes }: Sample): number {
  const sizes = [String(row.label).length, Buffer.byteLength(json), imageBytes];
  return sizes.reduce((sum, size) => sum + blockBytes + Math.ceil(size / blockBytes) * blockBytes, 0);
}

/** The bytes of a shard, one sample at a time. */
async function* shardContent(
  dataset: ExportDataset,
  shard: readonly Sample[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (const { key, row, json } of shard) {
    signal?.throwIfAborted();
    const png = await readExportImage(dataset, row);
    const archive = await packTar([
      member(`${key}.cls`, Buffer.from(String(row.label))),
      member(`${key}.json`, Buffer.from(json)),
      member(`${key}.png`, png),
    ]);
    // An archive of one sample is its members and the two blocks that end it; those stand once, at the end.
    yield archive.subarray(0, -2 * blockBytes);
  }
  yield new Uint8Array(2 * blockBytes);
}

/** Owner, time and permissions are fixed, so that equal data gives equal bytes. */
function member(name: string, body: Uint8Array) {
  return { header: { name, size: body.length, mtime: new Date(0), mode: 0o644, uid: 0, gid: 0 }, body };
}
