/** What is known of one image of a run, from the text in its own file. */
import { open, realpath } from "node:fs/promises";
import { sep } from "node:path";
import type { Sample, SampleParent } from "../../schemas/protocol.ts";
import { readPngText } from "../data/png-text.ts";
import { type ImageRecord, parseImageRecord, type RecordedAdapter } from "./image-record.ts";
import { classFolderOf } from "./run-files.ts";
import { inRun, photoFile } from "./run-folder.ts";

/** Text stands before the pixels: a record takes a few kilobytes. */
const headBytes = 64 * 1024;

/** Describe an image; one without metadata (output.stripMetadata) is known by its place alone. */
export async function readSample(root: string, file: string): Promise<Sample> {
  const folder = classFolderOf(file) ?? "";
  const head = await readHead(root, file);
  const text = readPngText(head).get("loft");
  const record = text === undefined ? undefined : recordOf(text, file);
  return record === undefined ? bareSample(file, folder, head) : sampleOf(record, file, folder);
}

function sampleOf(record: ImageRecord, file: string, folder: string): Sample {
  const { className, imageIndex, prompt, negativePrompt, parameters, adapters } = record;
  return {
    file,
    className,
    index: imageIndex,
    prompt,
    negativePrompt,
    seed: parameters.seed,
    parents: adapters.map((adapter) => parentOf(adapter, folder)),
    side: parameters.resolution,
  };
}

/** An adapter of several photos has no photo to show. */
function parentOf(adapter: RecordedAdapter, folder: string): SampleParent {
  const known = { adapterId: adapter.id, weight: adapter.weight };
  if ("photoCount" in adapter) return { ...known, photo: `${adapter.photoCount} photos`, photoFile: "" };
  return { ...known, photo: adapter.photo, photoFile: photoFile(folder, adapter.photoSha256) };
}

function bareSample(file: string, folder: string, head: Buffer): Sample {
  const index = Number(/(\d+)\.png$/.exec(file)?.[1] ?? 1) - 1;
  // The width is the first number of a PNG's header.
  const side = head.length < 20 ? 0 : head.readUInt32BE(16);
  return { file, className: folder, index, prompt: "", negativePrompt: "", seed: 0, parents: [], side };
}

function recordOf(text: string, file: string): ImageRecord | undefined {
  try {
    return parseImageRecord(text, file);
  } catch {
    return undefined;
  }
}

/**
 * Where a file of a run really lies; undefined when it is gone, or a link leads out of the run folder: the folder may
 * come from somebody else.
 * @param root the real path of the run folder
 */
export async function realInRun(root: string, file: string): Promise<string | undefined> {
  const path = await realpath(inRun(root, file)).catch(() => undefined);
  return path?.startsWith(`${root}${sep}`) === true ? path : undefined;
}

/** The first bytes of a file; none of one that is gone. */
async function readHead(root: string, file: string): Promise<Buffer> {
  const path = await realInRun(root, file);
  const handle = path === undefined ? undefined : await open(path, "r").catch(() => undefined);
  if (handle === undefined) return Buffer.alloc(0);
  try {
    const buffer = Buffer.allocUnsafe(headBytes);
    const { bytesRead } = await handle.read(buffer, 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
