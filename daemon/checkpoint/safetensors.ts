/**
 * Safetensors files: read the header, read single tensors by range, write a file whole or not at all.
 * Data is little-endian, as on every machine that Node.js and ONNX Runtime both support.
 */
import { type FileHandle, open } from "node:fs/promises";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { readError } from "../base/file-errors.ts";
import { bfloat16ToFloat32, float16ToFloat32 } from "./float16.ts";
import {
  dtypeWidth,
  elementCount,
  encodeHeader,
  HeaderProblem,
  headerLength,
  parseHeader,
  prefixBytes,
  type SafetensorsDtype,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensors-header.ts";

/** An open-and-shut description of a file: its header and where it lies. */
export type SafetensorsFile = SafetensorsHeader & { readonly path: string };

/** Elements of a tensor; F16 and BF16 as bit patterns, 8-bit types and BOOL as bytes. */
export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A tensor in host memory; `data` holds as many elements as `shape` says, in row-major order. */
export type CheckpointTensor = {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
};

/**
 * Read and check a file's header; the data is not touched.
 * @throws LoftError "file-vanished" or "file-unreadable", "safetensors-invalid" when it is not sound
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsFile> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const length = headerLength(await readRange(file, 0, Math.min(prefixBytes, size)), size);
    return { path, ...parseHeader(await readRange(file, prefixBytes, length), size) };
  });
}

/**
 * Read one tensor.
 * @throws LoftError "tensor-missing" when the file has no tensor of that name; else as readSafetensorsHeader
 */
export async function readTensor(file: SafetensorsFile, name: string): Promise<CheckpointTensor> {
  return withFile(file.path, (handle) => readEntry(handle, file, name));
}

/** Read several tensors, all if no names are given, opening the file once. Throws as readTensor. */
export async function readTensors(
  file: SafetensorsFile,
  names: Iterable<string> = file.tensors.keys(),
): Promise<Map<string, CheckpointTensor>> {
  return withFile(file.path, async (handle) => {
    const entries = Array.from(names, (name) => ({ name, ...entryOf(file, name) }));
    const tensors = new Map<string, CheckpointTensor>();
    for (const run of runsOf(entries)) {
      const start = run[0]!.offset;
      const { buffer } = await readRange(
        handle,
        start,
        run.reduce((sum, { byteLength }) => sum + byteLength, 0),
      );
      for (const { name, dtype, shape, offset, byteLength } of run) {
        const own = run.length === 1 ? buffer : buffer.slice(offset - start, offset - start + byteLength);
        tensors.set(name, { dtype, shape, data: elementsOf(dtype, own) });
      }
    }
    return new Map(entries.map(({ name }) => [name, tensors.get(name)!]));
  });
}

/** Tensors that are read in one go have at most this many bytes together. */
const longestRun = 2 ** 24;

/** Tensors that lie one behind the other, together: an adapter's hundred matrices are one read, not a hundred. */
function runsOf<Entry extends TensorEntry>(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = [];
  let [end, bytes] = [-1, 0];
  for (const entry of [...entries].sort((left, right) => left.offset - right.offset)) {
    const { offset, byteLength } = entry;
    if (offset === end && bytes + byteLength <= longestRun) runs.at(-1)!.push(entry);
    else {
      runs.push([entry]);
      bytes = 0;
    }
    bytes += byteLength;
    end = offset + byteLength;
  }
  return runs;
}

/**
 * The elements as float32: F16 and BF16 widened, F64 rounded, F32 as they are (not copied).
 * @throws LoftError "safetensors-invalid" for integer and 8-bit types
 */
export function toFloat32(tensor: CheckpointTensor, name = "a tensor"): Float32Array {
  switch (tensor.dtype) {
    case "F32":
      return tensor.data as Float32Array;
    case "F64":
      return Float32Array.from(tensor.data as Float64Array);
    case "F16":
      return float16ToFloat32(tensor.data as Uint16Array);
    case "BF16":
      return bfloat16ToFloat32(tensor.data as Uint16Array);
    default:
      throw loftError("safetensors-invalid", {
        what: `${name} has elements of type ${tensor.dtype} where floating-point numbers are needed.`,
        fix: "Use a file with F32, F16, BF16 or F64 weights.",
      });
  }
}

/**
 * Write a file under its final name only when it is complete and on disk; equal arguments give equal bytes.
 * Tensors are ordered by element width (wide first, so that each is aligned), then by name.
 * @throws LoftError "disk-full" or "output-unwritable"; the old file, if any, is then untouched
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = [...tensors].map(([name, tensor]) => ({ name, ...tensor })).sort(fileOrder);
  for (const { name, dtype, shape, data } of ordered) {
    const fits = elementCount(shape) === data.length && dtypeWidth[dtype] === data.BYTES_PER_ELEMENT;
    if (!fits)
      throw new Error(`${name}: ${data.constructor.name} of ${data.length} is no ${dtype} of shape [${shape}]`);
  }
  const parts = [encodeHeader(ordered, metadata), ...ordered.map(({ data }) => bytesOf(data))];
  await writeFileAtomic(path, Buffer.concat(parts));
}

function fileOrder(
  left: { name: string; dtype: SafetensorsDtype },
  right: { name: string; dtype: SafetensorsDtype },
): number {
  return dtypeWidth[right.dtype] - dtypeWidth[left.dtype] || (left.name < right.name ? -1 : 1);
}

async function readEntry(handle: FileHandle, file: SafetensorsFile, name: string): Promise<CheckpointTensor> {
  const { dtype, shape, offset, byteLength } = entryOf(file, name);
  return { dtype, shape, data: elementsOf(dtype, (await readRange(handle, offset, byteLength)).buffer) };
}

function entryOf(file: SafetensorsFile, name: string): TensorEntry {
  const entry = file.tensors.get(name);
  if (entry !== undefined) return entry;
  throw loftError("tensor-missing", {
    what: `${file.path} holds no tensor "${name}".`,
    fix: "Check that the file belongs to this model.",
  });
}

/** Read `length` bytes at `start` into a buffer of their own, aligned for every element type. */
async function readRange(handle: FileHandle, start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await handle.stat();
  if (size < start + length) throw new HeaderProblem(`it has become shorter while it was read (${size} bytes)`);
  const bytes = new Uint8Array(new ArrayBuffer(length));
  let done = 0;
  while (done < length) {
    // One read may not exceed 2 GiB.
    const wanted = Math.min(length - done, 2 ** 30);
    const { bytesRead } = await handle.read(bytes, done, wanted, start + done);
    if (bytesRead === 0) throw new HeaderProblem("it has become shorter while it was read");
    done += bytesRead;
  }
  return bytes;
}

async function withFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    return await use(handle);
  } catch (cause) {
    throw describeProblem(path, cause);
  } finally {
    await handle?.close();
  }
}

function describeProblem(path: string, cause: unknown): unknown {
  if (!(cause instanceof HeaderProblem)) return readError(cause, path);
  return loftError("safetensors-invalid", {
    what: `${path} is not a sound safetensors file: ${cause.message}.`,
    fix: "Get or write the file again.",
    cause,
  });
}

function elementsOf(dtype: SafetensorsDtype, buffer: ArrayBuffer): TensorData {
  switch (dtype) {
    case "F64":
      return new Float64Array(buffer);
    case "F32":
      return new Float32Array(buffer);
    case "I64":
      return new BigInt64Array(buffer);
    case "U64":
      return new BigUint64Array(buffer);
    case "I32":
      return new Int32Array(buffer);
    case "U32":
      return new Uint32Array(buffer);
    case "I16":
      return new Int16Array(buffer);
    case "F16":
    case "BF16":
    case "U16":
      return new Uint16Array(buffer);
    case "I8":
      return new Int8Array(buffer);
    case "F8_E4M3":
    case "F8_E5M2":
    case "U8":
    case "BOOL":
      return new Uint8Array(buffer);
  }
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
