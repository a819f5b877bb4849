/**
 * Resize and center crop, with the pixels that Pillow gives: sharp's own bilinear enlarges with another phase and
 * shrinks with a box filter first, and its results may differ between libvips versions.
 */
import type { Picture } from "./picture.ts";

/**
 * Resize the short side to `resolution` (bilinear, antialiased) and crop the center square, as DreamBoothDataset does
 * with torchvision's Resize(BILINEAR) and CenterCrop on Pillow images. Only the pixels of the crop are computed, so
 * a 1 x 20000 strip costs no more than a square. A picture that already fits comes back as it is.
 */
export function resizeAndCenterCrop(picture: Picture, resolution: number): Picture {
  const short = Math.min(picture.width, picture.height);
  const resized = (side: number) => (side === short ? resolution : Math.floor((resolution * side) / short));
  const columns = planAxis(picture.width, resized(picture.width), resolution);
  const rows = planAxis(picture.height, resized(picture.height), resolution);
  return resampleColumns(resampleRows(picture, columns, rows), rows);
}

/** Resize to `width` x `height` with the same filter. */
export function resizePicture(picture: Picture, width: number, height: number): Picture {
  const rows = planAxis(picture.height, height, height);
  return resampleColumns(resampleRows(picture, planAxis(picture.width, width, width), rows), rows);
}

/** For each output position: the first source position and the fixed-point weights of it and its followers. */
type Axis = { readonly taps: readonly Taps[]; readonly first: number; readonly end: number };
type Taps = { readonly start: number; readonly weights: Int32Array };

/** Pillow's 8-bit precision: 32 bits less 8 of the pixel and 2 of headroom. */
const precisionBits = 22;
const half = 2 ** (precisionBits - 1);

/** The taps of the centered window of `crop` positions in an axis resized from `from` to `to`. */
function planAxis(from: number, to: number, crop: number): Axis {
  // Python's round, which CenterCrop uses, takes halves to even.
  const margin = (to - crop) / 2;
  const offset = margin % 1 === 0.5 ? 2 * Math.round(margin / 2) : Math.round(margin);
  const taps = Array.from({ length: crop }, (_, index) => tapsAt(offset + index, from, to));
  const first = Math.min(...taps.map((tap) => tap.start));
  const end = Math.max(...taps.map((tap) => tap.start + tap.weights.length));
  return { taps, first, end };
}

/** A triangle filter, widened by the shrink factor, around the source position under the output pixel's center. */
function tapsAt(position: number, from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const center = (position + 0.5) * scale;
  const start = Math.max(Math.trunc(center - support + 0.5), 0);
  const end = Math.min(Math.trunc(center + support + 0.5), from);
  const heights = Array.from({ length: end - start }, (_, index) =>
    Math.max(1 - Math.abs(start + index - center + 0.5) / support, 0),
  );
  const total = heights.reduce((sum, height) => sum + height, 0);
  return {
    start,
    weights: Int32Array.from(heights, (height) => Math.floor((height / total) * 2 ** precisionBits + 0.5)),
  };
}

/** Horizontal pass over the source rows that the vertical pass will need. */
function resampleRows(picture: Picture, columns: Axis, rows: Axis): Picture {
  const width = columns.taps.length;
  const height = rows.end - rows.first;
  const rgb = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    const source = (rows.first + row) * picture.width * 3;
    for (let column = 0; column < width; column += 1) {
      const target = (row * width + column) * 3;
      blend(picture.rgb, { at: source, stride: 3, taps: columns.taps[column]! }, rgb, target);
    }
  }
  return { width, height, rgb };
}

/** Vertical pass; `strip` starts at source row `rows.first`. */
function resampleColumns(strip: Picture, rows: Axis): Picture {
  const { width } = strip;
  const height = rows.taps.length;
  const stride = width * 3;
  const rgb = new Uint8Array(stride * height);
  for (let row = 0; row < height; row += 1) {
    const taps = rows.taps[row]!;
    for (let column = 0; column < width; column += 1) {
      const at = column * 3 - rows.first * stride;
      blend(strip.rgb, { at, stride, taps }, rgb, row * stride + column * 3);
    }
  }
  return { width, height, rgb };
}

type Line = { readonly at: number; readonly stride: number; readonly taps: Taps };

/** One output pixel: the weighted sum of a line of source pixels, rounded to a byte. */
function blend(source: Uint8Array, line: Line, target: Uint8Array, targetAt: number): void {
  const { start, weights } = line.taps;
  let red = half;
  let green = half;
  let blue = half;
  let at = line.at + start * line.stride;
  for (let tap = 0; tap < weights.length; tap += 1) {
    const weight = weights[tap]!;
    red += source[at]! * weight;
    green += source[at + 1]! * weight;
    blue += source[at + 2]! * weight;
    at += line.stride;
  }
  // Sums stay below 256 * 2^22 = 2^30 plus rounding, so the shift is exact; weights may sum to a hair above one.
  target[targetAt] = Math.min(red >> precisionBits, 255);
  target[targetAt + 1] = Math.min(green >> precisionBits, 255);
  target[targetAt + 2] = Math.min(blue >> precisionBits, 255);
}
