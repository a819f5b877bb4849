/** Whether one file is a usable photo: read, hashed and decoded once. */
import { open } from "node:fs/promises";
import { LoftError } from "../base/errors.ts";
import { fileErrorCode } from "../base/file-errors.ts";
import { sha256 } from "../base/hash.ts";
import { memoryError } from "../base/memory-error.ts";
import { decodePhoto, decoderMessage, photoLimits, readFileUpTo, readPhotoSize } from "./image-file.ts";
import { imageKind, imageKindBytes, isPhotoKind } from "./image-kind.ts";
import { type PhotoProblem, type PhotoProblemCode, photoProblem } from "./photo-problems.ts";

/** Without facts the photo is not usable and one of the problems says why; with facts they are notes. */
export type PhotoInspection = { readonly facts?: PhotoFacts; readonly problems: readonly PhotoProblem[] };

/** Identity and upright size in pixels. */
export type PhotoFacts = {
  readonly sha256: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
};

/**
 * Inspect `file`; `path` is what problems call it. Nothing that a file can hold makes it throw.
 * @throws LoftError "out-of-memory" when the machine has none for decoding
 */
export async function inspectPhoto(file: string, path: string): Promise<PhotoInspection> {
  const leaveOut = (code: PhotoProblemCode, message: string) => ({ problems: [photoProblem(code, path, message)] });
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readFileUpTo(file, photoLimits.bytes);
  } catch (error) {
    const known = memoryError(error, "reading a photo");
    if (known instanceof LoftError) throw known;
    return leaveOut("photo-unreadable", `The file cannot be read (${fileErrorCode(error) ?? String(error)}).`);
  }
  if (bytes === undefined) return leaveOut("photo-too-large", `The file has more than ${photoLimits.bytes} bytes.`);
  if (bytes.length === 0) return leaveOut("photo-empty", "The file has 0 bytes.");
  const kind = imageKind(bytes);
  if (kind === undefined) return leaveOut("not-a-photo", "The content is no image format that is known here.");
  if (!isPhotoKind(kind))
    return leaveOut("photo-unsupported", `${kind.toUpperCase()} pictures cannot be decoded here.`);
  return inspectImage(bytes, path);
}

/** Whether `file` starts like a photo. False when it cannot be read. */
export async function isPhotoFile(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "r");
    try {
      const head = new Uint8Array(imageKindBytes);
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      return isPhotoKind(imageKind(head.subarray(0, bytesRead)));
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}

async function inspectImage(bytes: Uint8Array, path: string): Promise<PhotoInspection> {
  try {
    const size = await readPhotoSize(bytes);
    if (photoLimits.pixels < size.width * size.height) {
      const message = `It has ${size.width} x ${size.height} pixels; at most ${photoLimits.pixels} are read.`;
      return { problems: [photoProblem("photo-too-large", path, message)] };
    }
    const { picture, frames } = await decodePhoto(bytes);
    const facts = { sha256: sha256(bytes), bytes: bytes.length, width: picture.width, height: picture.height };
    const animated = photoProblem("photo-animated", path, `It has ${frames} frames; the first one is used.`);
    return { facts, problems: frames === 1 ? [] : [animated] };
  } catch (error) {
    if (error instanceof LoftError) throw error;
    const message = `It cannot be decoded: ${decoderMessage(error)}.`;
    return { problems: [photoProblem("photo-damaged", path, message)] };
  }
}
