/** Image files in and out, through sharp: every photo becomes upright 8-bit sRGB without alpha, every image a PNG. */
import { open } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { LoftError, loftError } from "../base/errors.ts";
import { readError } from "../base/file-errors.ts";
import { memoryError } from "../base/memory-error.ts";
import { imageKind, isPhotoKind } from "./image-kind.ts";
import { type Picture, type PictureTensor, toTensor } from "./picture.ts";
import { withPngText } from "./png-text.ts";
import { resizeAndCenterCrop } from "./resample.ts";

/** Bigger files and pictures are refused: nobody trains on them, and they may be traps for the memory. */
export const photoLimits = { bytes: 64 * 1024 * 1024, pixels: 64_000_000 } as const;

/** A decoded photo; `frames` counts the pictures in the file, of which the first is taken. */
export type DecodedPhoto = { readonly picture: Picture; readonly frames: number };

/**
 * A photo as the model sees it: upright, on white, sRGB, short side resized to `resolution`, center square.
 * @returns values in [-1, 1], [3, resolution, resolution]
 * @throws LoftError "image-unreadable", "file-vanished", "file-unreadable", "out-of-memory"
 */
export async function readPhoto(file: string, resolution: number): Promise<PictureTensor> {
  return toTensor(await readPhotoSquare(file, resolution));
}

/** `readPhoto` as bytes. A picture that is resolution x resolution RGB already keeps every pixel. */
export async function readPhotoSquare(file: string, resolution: number): Promise<Picture> {
  return resizeAndCenterCrop(await readPicture(file), resolution);
}

/** A picture in its own size. Throws as `readPhoto` does. */
export async function readPicture(file: string): Promise<Picture> {
  const bytes = await readFileUpTo(file, photoLimits.bytes).catch((error: unknown) => {
    throw readError(error, file);
  });
  if (bytes === undefined) throw unreadable(file, `it is larger than ${photoLimits.bytes} bytes`);
  if (!isPhotoKind(imageKind(bytes))) throw unreadable(file, "its content is no image that can be decoded");
  try {
    return (await decodePhoto(bytes)).picture;
  } catch (error) {
    if (error instanceof LoftError) throw error;
    throw unreadable(file, decoderMessage(error), error);
  }
}

/**
 * Decode the first frame: orientation applied, alpha flattened on white, color converted to 8-bit sRGB (by the
 * embedded profile if there is one). Only for bytes whose `imageKind` is a photo kind.
 * @throws Error of the decoder, also when the data ends early; LoftError "out-of-memory", which no picture is to blame for
 */
export async function decodePhoto(bytes: Uint8Array): Promise<DecodedPhoto> {
  const { pages } = await byDecoder(openImage(bytes).metadata());
  const { data, info } = await byDecoder(
    openImage(bytes)
      .autoOrient()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true }),
  );
  if (info.channels !== 3) throw new Error(`decoded to ${info.channels} channels instead of 3`);
  // Not the decoder's Buffer: `slice` of a Buffer is the same memory, of other arrays a copy.
  const rgb = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { picture: { width: info.width, height: info.height, rgb }, frames: pages ?? 1 };
}

/** Upright width and height from the file's header, without decoding the pixels. Throws the decoder's error. */
export async function readPhotoSize(bytes: Uint8Array): Promise<{ readonly width: number; readonly height: number }> {
  // Not limited in pixels: nothing is decoded, and the caller wants the number for its message.
  const { autoOrient } = await byDecoder(sharp(bytes, { limitInputPixels: false }).metadata());
  return { width: autoOrient.width, height: autoOrient.height };
}

/** The first line of what the decoder said, for messages. */
export function decoderMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0]!.slice(0, 200);
}

/** The bytes of `file`, or undefined when it has more than `limit`. Rejects with Node's error. */
export async function readFileUpTo(file: string, limit: number): Promise<Uint8Array | undefined> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    return size <= limit ? await handle.readFile() : undefined;
  } finally {
    await handle.close();
  }
}

/** What goes into the file besides the pixels. */
export type PngNotes = {
  /** Text chunks by keyword, e.g. { parameters, loft }. */
  readonly text?: Readonly<Record<string, string>>;
  /** An XMP packet. */
  readonly xmp?: string;
};

/**
 * A PNG of `picture`. The same input gives the same bytes on the same machine: no time stamp, fixed filter and level.
 * @throws LoftError "out-of-memory"
 */
export async function encodePng(picture: Picture, notes: PngNotes = {}): Promise<Uint8Array> {
  const { width, height, rgb } = picture;
  try {
    const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .png({ compressionLevel: 9, adaptiveFiltering: true, palette: false })
      .toBuffer();
    return withPngText(png, notes);
  } catch (error) {
    throw memoryError(error, "writing a picture");
  }
}

/** A picture may make a decoder ask for more than there is; a thread that cannot be made is no picture's fault. */
async function byDecoder<Result>(work: Promise<Result>): Promise<Result> {
  return work.catch((error: unknown) => {
    throw /error creating thread/i.test(String(error)) ? memoryError(error, "reading a picture") : error;
  });
}

function openImage(bytes: Uint8Array): Sharp {
  return sharp(bytes, { failOn: "error", limitInputPixels: photoLimits.pixels, sequentialRead: true });
}

function unreadable(file: string, reason: string, cause?: unknown) {
  return loftError("image-unreadable", {
    what: `${file} cannot be used as a picture: ${reason}.`,
    fix: "Replace the file by a good copy (PNG, JPEG or WebP), or remove it from the folder.",
    cause,
  });
}
