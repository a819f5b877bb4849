/** The captions file of a configuration, read and matched with the classes. */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { LoftError, loftError } from "../base/errors.ts";
import { fileErrorCode } from "../base/file-errors.ts";
import { parseCaptionJson, parseCaptionText } from "../config/captions.ts";
import { readFileUpTo } from "../data/image-file.ts";
import { type ClassCaptions, captionsForClasses } from "../pipeline/captions.ts";
import type { Dataset } from "../pipeline/dataset.ts";

/** Captions of many thousand classes take less. */
const largestFile = 64 * 1024 * 1024;

/**
 * Read captions; a name that ends with .json or .jsonc is of the JSON form.
 * @param file absolute
 * @throws LoftError "captions-invalid" when the file cannot be read, has problems, or does not fit the classes
 */
export async function readCaptions(file: string, dataset: Dataset): Promise<ClassCaptions> {
  const bytes = await readRegularFile(file).catch((cause: unknown) => {
    throw cause instanceof LoftError ? cause : unreadable(file, fileErrorCode(cause) ?? "unknown reason", cause);
  });
  if (bytes === undefined) {
    const what = `The captions ${basename(file)} are larger than ${largestFile} bytes.`;
    throw loftError("captions-invalid", { what, fix: "Give a file of captions in prompt.captions." });
  }
  const text = textOf(bytes, file);
  const parsed = /\.jsonc?$/i.test(file) ? parseCaptionJson(text) : parseCaptionText(text);
  return captionsForClasses(parsed, dataset, basename(file));
}

/** A pipe would never end, and a device not before memory does. */
async function readRegularFile(file: string): Promise<Uint8Array | undefined> {
  const found = await stat(file);
  if (!found.isFile()) throw unreadable(file, found.isDirectory() ? "it is a folder" : "it is no regular file");
  return readFileUpTo(file, largestFile);
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw loftError("captions-invalid", {
      what: `The captions ${basename(file)} are not UTF-8 text.`,
      fix: "Save the file as UTF-8, or give another one in prompt.captions.",
      cause,
    });
  }
}

function unreadable(file: string, reason: string, cause?: unknown): LoftError {
  return loftError("captions-invalid", {
    what: `The captions ${basename(file)} cannot be read (${reason}).`,
    fix: "Check prompt.captions: the path is relative to the configuration.",
    cause,
  });
}
