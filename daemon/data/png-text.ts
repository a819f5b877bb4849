/** Text inside PNG files: written uncompressed before the pixels, read back from any writer's chunks. */
import { inflateSync } from "node:zlib";
import { encodePngChunk, isPng, type PngChunk, pngHeaderLength, readPngChunks } from "./png-chunks.ts";

/** The iTXt keyword under which XMP is kept (XMP specification, part 3). */
export const xmpKeyword = "XML:com.adobe.xmp";

/** No text of ours or of other tools comes near; a compressed bomb does. */
const longestText = 16 * 1024 * 1024;

/** `png` with text chunks after its header, in the order of the keys, and the XMP packet behind them. */
export function withPngText(
  png: Uint8Array,
  notes: { readonly text?: Readonly<Record<string, string>>; readonly xmp?: string },
): Uint8Array {
  if (!isPng(png)) throw new Error("withPngText: not a PNG");
  const chunks = Object.entries(notes.text ?? {}).map(([keyword, text]) => textChunk(keyword, text));
  if (notes.xmp !== undefined) chunks.push(internationalChunk(xmpKeyword, notes.xmp));
  const inserted = chunks.map(encodePngChunk);
  return Buffer.concat([png.subarray(0, pngHeaderLength), ...inserted, png.subarray(pngHeaderLength)]);
}

/**
 * All text of a PNG by keyword (tEXt, zTXt, iTXt; of equal keywords the first wins). Never throws: what is no PNG, or
 * is damaged, gives what could be read, which may be nothing.
 */
export function readPngText(png: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const chunk of readPngChunks(png, isTextType)) {
    const entry = readTextChunk(chunk);
    if (entry !== undefined && !found.has(entry.keyword)) found.set(entry.keyword, entry.text);
  }
  return found;
}

function isTextType(type: string): boolean {
  return type === "tEXt" || type === "zTXt" || type === "iTXt";
}

/** tEXt when Latin-1 can say it, else iTXt: what Pillow does, and with it most readers of `parameters`. */
function textChunk(keyword: string, text: string): PngChunk {
  if (!/^[\x20-\x7e]{1,79}$/.test(keyword)) throw new Error(`textChunk: bad keyword ${JSON.stringify(keyword)}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of Latin-1 is meant.
  const isLatin1 = /^[\x01-\xff]*$/.test(text);
  return isLatin1
    ? { type: "tEXt", data: Buffer.from(`${keyword}\0${text}`, "latin1") }
    : internationalChunk(keyword, text);
}

/** Keyword, uncompressed, no language, no translated keyword. NUL would end the text in some readers: it is dropped. */
function internationalChunk(keyword: string, text: string): PngChunk {
  return { type: "iTXt", data: Buffer.from(`${keyword}\0\0\0\0\0${text.replaceAll("\0", "")}`, "utf8") };
}

type TextEntry = { readonly keyword: string; readonly text: string };

function readTextChunk({ type, data }: PngChunk): TextEntry | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const end = bytes.indexOf(0);
  if (end < 1 || 79 < end) return undefined;
  const keyword = bytes.toString("latin1", 0, end);
  const rest = bytes.subarray(end + 1);
  const text =
    type === "tEXt" ? rest.toString("latin1") : type === "zTXt" ? compressedText(rest) : internationalText(rest);
  return text === undefined ? undefined : { keyword, text };
}

/** zTXt: a method byte (0, deflate), then Latin-1. */
function compressedText(rest: Buffer): string | undefined {
  return rest[0] === 0 ? inflate(rest.subarray(1))?.toString("latin1") : undefined;
}

/** iTXt: compression flag and method, language, translated keyword, then UTF-8. */
function internationalText(rest: Buffer): string | undefined {
  const languageEnd = rest.indexOf(0, 2);
  const translatedEnd = languageEnd < 2 ? -1 : rest.indexOf(0, languageEnd + 1);
  if (translatedEnd < 0) return undefined;
  const content = rest.subarray(translatedEnd + 1);
  if (rest[0] === 0) return content.toString("utf8");
  return rest[0] === 1 && rest[1] === 0 ? inflate(content)?.toString("utf8") : undefined;
}

function inflate(bytes: Buffer): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: longestText });
  } catch {
    return undefined;
  }
}
