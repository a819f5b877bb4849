/** Pictures that are nearly one, told from features of length 1: pure numbers, no networks. */
import { mapInPieces, type Pieces } from "../base/pieces.ts";
import type { Features } from "./set-quality.ts";

export type Nearest = { readonly index: number; readonly cosine: number };

/** For each row the nearest of `others` by cosine, the first of equals; undefined where there are none. */
export function nearestRows(rows: Features, others: Features): Pieces<readonly (Nearest | undefined)[]> {
  return mapInPieces(rows, (row) => nearestRow(row, others, () => true));
}

/** For each row the nearest of those before it. */
export function nearestEarlier(rows: Features): Pieces<readonly (Nearest | undefined)[]> {
  return mapInPieces(rows, (row, index) => nearestRow(row, rows, (other) => other < index));
}

function nearestRow(row: Float32Array, others: Features, isAllowed: (index: number) => boolean): Nearest | undefined {
  let best: Nearest | undefined;
  for (const [index, other] of others.entries()) {
    if (!isAllowed(index)) continue;
    const cosine = cosineOf(row, other);
    if (best === undefined || best.cosine < cosine) best = { index, cosine };
  }
  return best;
}

/** Cosine from which pictures count as one where nothing is known of how far apart different ones are. */
const usualCosine = 0.98;

/** The features of one picture, computed twice, may differ by this much. */
const rounding = 1e-6;

/** Share of the photos whose neighbors may be nearer than what counts as usual for different pictures. */
const closestShare = 0.05;

/** A photo whose neighbor is nearer than this part of the median has a copy among the photos, and tells nothing. */
const copyShare = 0.05;

/**
 * The cosine from which two pictures count as one. How near different pictures come depends on the network and on what
 * they show (photos of shirts lie at 0.999 with a small CLIP), so that the distance 1 - cosine has to be a quarter of the
 * distance that nearly all different photos keep from each other, and at most 0.02.
 * @param photos pictures that are known to be different, except for some that may be near copies of each other
 */
export function* samePictureCosine(photos: Features): Pieces<number> {
  const nearest = yield* mapInPieces(photos, (row, index) => nearestRow(row, photos, (other) => other !== index));
  const gaps = nearest.flatMap((found) => (found === undefined ? [] : [Math.max(0, 1 - found.cosine)]));
  gaps.sort((left, right) => left - right);
  const median = gaps[Math.floor(gaps.length / 2)]!;
  const usual = gaps.filter((gap) => copyShare * median <= gap);
  const usualGap = usual[Math.floor(closestShare * usual.length)];
  const cosine = usualGap === undefined ? usualCosine : Math.max(usualCosine, 1 - usualGap / 4);
  return Math.min(cosine, 1 - rounding);
}

function cosineOf(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += left[index]! * right[index]!;
  return sum;
}
