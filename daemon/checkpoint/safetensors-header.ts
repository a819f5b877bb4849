/**
 * The header of a safetensors file: bytes to tensor descriptions and back, checked against the file's size.
 * Pure; the format is that of the safetensors library (0.8, README "Format"), the reading as strict as its own.
 */
import { duplicateName, isRecord } from "./json-text.ts";

/** Bytes per element of each element type we read; the names are the format's own. */
export const dtypeWidth = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type SafetensorsDtype = keyof typeof dtypeWidth;

/** Where a tensor lies: `offset` counts from the start of the file. */
export type TensorEntry = {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
};

export type SafetensorsHeader = {
  readonly metadata: Readonly<Record<string, string>>;
  /** By name, in the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
};

/** What a header is made from: name, type and shape, in the order of the data. */
export type TensorDescription = Pick<TensorEntry, "dtype" | "shape"> & { readonly name: string };

/** The header's own length stands in the first 8 bytes. */
export const prefixBytes = 8;

/** The format's limit; a longer header is an attack or not safetensors. */
export const maxHeaderBytes = 100_000_000;

/** Says what is wrong with a header; the reader turns it into a LoftError that names the file. */
export class HeaderProblem extends Error {}

/**
 * The length in bytes of the header's JSON text, from the first 8 bytes of the file.
 * @throws HeaderProblem when the length cannot be right for a file of `fileBytes`
 */
export function headerLength(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.length < prefixBytes) throw new HeaderProblem(`it has only ${prefix.length} bytes, a header needs 8`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes).getBigUint64(0, true);
  if (BigInt(maxHeaderBytes) < length) throw new HeaderProblem(`its header claims ${length} bytes`);
  if (fileBytes - prefixBytes < Number(length)) {
    throw new HeaderProblem(`its header claims ${length} bytes, the file has ${fileBytes}: it may be cut off`);
  }
  return Number(length);
}

/**
 * Read the header's JSON text.
 * @param text the bytes after the length
 * @throws HeaderProblem when names repeat, shapes and sizes disagree, or the data does not fill the file exactly
 */
export function parseHeader(text: Uint8Array, fileBytes: number): SafetensorsHeader {
  const json = parseHeaderJson(text);
  const dataStart = prefixBytes + text.length;
  const { __metadata__: metadata = {}, ...described } = json;
  const entries = Object.entries(described).map(([name, value]) => [name, parseEntry(name, value, dataStart)] as const);
  entries.sort(([, left], [, right]) => left.offset - right.offset || left.byteLength - right.byteLength);
  assertFilled(entries, dataStart, fileBytes);
  return { metadata: parseMetadata(metadata), tensors: new Map(entries) };
}

/**
 * The first bytes of a file that holds `tensors` one after the other: length, JSON text, blanks up to a multiple of 8.
 * Equal arguments give equal bytes; metadata is written in the order of its names.
 */
export function encodeHeader(
  tensors: readonly TensorDescription[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  let end = 0;
  const described = tensors.map(({ name, dtype, shape }) => {
    const begin = end;
    end += elementCount(shape) * dtypeWidth[dtype];
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`;
  });
  const names = Object.keys(metadata).sort();
  const pairs = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(metadata[name])}`);
  const members = pairs.length === 0 ? described : [`"__metadata__":{${pairs.join(",")}}`, ...described];
  const text = new TextEncoder().encode(`{${members.join(",")}}`);
  const bytes = new Uint8Array(prefixBytes + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - prefixBytes), true);
  bytes.set(text, prefixBytes);
  return bytes;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

function parseHeaderJson(text: Uint8Array): Readonly<Record<string, unknown>> {
  if (text[0] !== 0x7b) throw new HeaderProblem("its header does not begin with '{'");
  let decoded: string;
  let json: unknown;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true }).decode(text);
    json = JSON.parse(decoded);
  } catch (cause) {
    throw new HeaderProblem("its header is not JSON text", { cause });
  }
  const twice = duplicateName(decoded);
  if (twice !== undefined) throw new HeaderProblem(`its header names "${twice}" twice`);
  // The text begins with "{", so it is an object if it is JSON at all.
  return json as Readonly<Record<string, unknown>>;
}

function parseMetadata(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value) || !Object.values(value).every((member) => typeof member === "string")) {
    throw new HeaderProblem('its "__metadata__" is not a table of texts');
  }
  return value as Readonly<Record<string, string>>;
}

function parseEntry(name: string, value: unknown, dataStart: number): TensorEntry {
  if (!isRecord(value)) throw new HeaderProblem(`its entry "${name}" is not a tensor description`);
  const { dtype, shape, data_offsets: range } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(dtypeWidth, dtype)) {
    throw new HeaderProblem(`tensor "${name}" has the element type ${show(dtype)}, which is not supported`);
  }
  if (!isSizes(shape)) throw new HeaderProblem(`tensor "${name}" has the impossible shape ${show(shape)}`);
  if (!isSizes(range) || range.length !== 2) {
    throw new HeaderProblem(`tensor "${name}" has the impossible data_offsets ${show(range)}`);
  }
  const [begin, end] = range as readonly [number, number];
  const needed = elementCount(shape) * dtypeWidth[dtype as SafetensorsDtype];
  if (end - begin !== needed) {
    throw new HeaderProblem(`tensor "${name}" (${dtype} ${show(shape)}) needs ${needed} bytes, not ${end - begin}`);
  }
  return { dtype: dtype as SafetensorsDtype, shape, offset: dataStart + begin, byteLength: needed };
}

/** The tensors must follow each other without gap or overlap from the end of the header to the end of the file. */
function assertFilled(entries: readonly (readonly [string, TensorEntry])[], dataStart: number, fileBytes: number) {
  let end = dataStart;
  for (const [name, entry] of entries) {
    if (entry.offset < end) throw new HeaderProblem(`tensor "${name}" overlaps the one before it`);
    if (end < entry.offset) throw new HeaderProblem(`there is a gap before tensor "${name}"`);
    end = entry.offset + entry.byteLength;
  }
  if (end !== fileBytes) {
    throw new HeaderProblem(`its tensors end at byte ${end}, the file at ${fileBytes}: it may be cut off`);
  }
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && 0 <= size);
}

/** A value for an error text, cut to a readable length. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
