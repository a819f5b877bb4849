/** Which squares of a photo stand for its random crops: pure. */
import { randomStream } from "../base/random.ts";

/** Crops made of one photo; encoding a fresh one in each step would cost more than the step's gain. */
export const cropsPerPhoto = 8;

/**
 * Offsets along the long side, 0 to `range`, all different and ascending: one drawn from each of eight equal parts, so
 * that together they cover the photo. A photo has the same ones in every run.
 * @param range pixels by which the long side is longer than the square; 0 has one crop
 */
export function cropOffsets(photoSha256: string, range: number): readonly number[] {
  const places = range + 1;
  const count = Math.min(cropsPerPhoto, places);
  const rng = randomStream("crops", photoSha256, range);
  return Array.from({ length: count }, (_, part) => {
    const [first, end] = [part, part + 1].map((edge) => Math.floor((edge * places) / count)) as [number, number];
    return first + rng.integer(end - first);
  });
}
