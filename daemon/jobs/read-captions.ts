/** The captions file of a configuration, read and matched with the classes. */
import { basename } from "node:path";
import { loftError } from "../base/errors.ts";
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
  const bytes = await readFileUpTo(file, largestFile).catch((cause: unknown) => {
    throw loftError("captions-invalid", {
      what: `The captions ${basename(file)} cannot be read (${fileErrorCode(cause) ?? "unknown reason"}).`,
      fix: "Check prompt.captions: the path is relative to the configuration.",
      cause,
    });
  });
  if (bytes === undefined) {
    const what = `The captions ${basename(file)} are larger than ${largestFile} bytes.`;
    throw loftError("captions-invalid", { what, fix: "Give a file of captions in prompt.captions." });
  }
  const text = new TextDecoder().decode(bytes);
  const parsed = /\.jsonc?$/i.test(file) ? parseCaptionJson(text) : parseCaptionText(text);
  return captionsForClasses(parsed, dataset, basename(file));
}
