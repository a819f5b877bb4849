/** Pictures on their way into a network whose batch is of a fixed size: read when their turn comes, a few at a time. */
import { float32, type HostTensor } from "../engine/graph/tensor.ts";

/** Preprocessed pixels [3, side, side], when asked for. */
export type PixelSource = () => Promise<Float32Array>;

/** `pixels` [batchSize, 3, side, side], of which the first `count` are pictures. */
export type PixelBatch = { readonly pixels: HostTensor; readonly count: number };

/** All pictures in order. The last batch is filled up with zeros, so that one session fits all. */
export async function* pixelBatches(
  pictures: readonly PixelSource[],
  batchSize: number,
  side: number,
): AsyncGenerator<PixelBatch> {
  for (let start = 0; start < pictures.length; start += batchSize) {
    const batch = await Promise.all(pictures.slice(start, start + batchSize).map((read) => read()));
    const pixels = new Float32Array(batchSize * 3 * side * side);
    for (const [index, picture] of batch.entries()) pixels.set(picture, index * picture.length);
    yield { pixels: float32(pixels, [batchSize, 3, side, side]), count: batch.length };
  }
}

/** Values [batchSize, width] as one array for each of the first `count` rows, copied. */
export function firstRows(values: Float32Array, count: number, width: number): Float32Array[] {
  return Array.from({ length: count }, (_, row) => values.slice(row * width, (row + 1) * width));
}
