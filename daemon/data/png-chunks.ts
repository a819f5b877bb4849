/** The container of PNG (W3C PNG specification, third edition): a signature and a row of checked chunks. */

export type PngChunk = { readonly type: string; readonly data: Uint8Array };

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Bytes of the signature and the IHDR chunk, which must come first. */
export const pngHeaderLength = 33;

/** Whether `bytes` start as every PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return pngHeaderLength <= bytes.length && signature.every((byte, index) => bytes[index] === byte);
}

/**
 * The chunks for which `wanted` holds, in order. Never throws: the walk ends at the first chunk that does not fit the
 * file, and a chunk whose checksum is wrong is left out.
 */
export function readPngChunks(bytes: Uint8Array, wanted: (type: string) => boolean): readonly PngChunk[] {
  if (!isPng(bytes)) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  let offset = signature.length;
  while (offset + 12 <= bytes.length) {
    const length = view.getUint32(offset);
    const end = offset + 12 + length;
    if (bytes.length < end) break;
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (wanted(type) && crc32(bytes.subarray(offset + 4, end - 4)) === view.getUint32(end - 4)) {
      chunks.push({ type, data: bytes.subarray(offset + 8, end - 4) });
    }
    offset = end;
  }
  return chunks;
}

/** A chunk as it stands in the file: length, type, data, checksum of type and data. */
export function encodePngChunk({ type, data }: PngChunk): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index += 1) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** CRC-32 as in ISO 3309 (reflected polynomial 0xEDB88320). `zlib.crc32` came only after Node 20.9. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});
