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
  const { width, height } = resizedSize(picture, resolution);
  const window = { left: centered(width, resolution), top: centered(height, resolution) };
  return resizeWindow(picture, { width, height }, window);
}

/**
 * The same with the square `offset` pixels from the left or the top, along the long side.
 * @param offset 0 to `cropRange`
 */
export function resizeAndCrop(picture: Picture, resolution: number, offset: number): Picture {
  const size = resizedSize(picture, resolution);
  const isWide = size.height < size.width;
  const window = (first: number): Span => ({ first, size: resolution });
  return resizeWindow(picture, size, { left: window(isWide ? offset : 0), top: window(isWide ? 0 : offset) });
}

/** Pixels by which the long side is longer than `resolution`, once the short side has it: 0 for a square. */
export function cropRange(picture: Pick<Picture, "width" | "height">, resolution: number): number {
  const { width, height } = resizedSize(picture, resolution);
  return Math.max(width, height) - resolution;
}

function resizedSize({ width, height }: Pick<Picture, "width" | "height">, resolution: number) {
  const short = Math.min(width, height);
  const resized = (side: number) => (side === short ? resolution : Math.floor((resolution * side) / short));
  return { width: resized(width), height: resized(height) };
}

/** The middle `size` positions of `length`. */
function centered(length: number, size: number): Span {
  // Python's round, which CenterCrop uses, takes halves to even.
  const margin = (length - size) / 2;
  return { first: margin % 1 === 0.5 ? 2 * Math.round(margin / 2) : Math.round(margin), size };
}

/** Resize to `width` x `height`. */
export function resizePicture(picture: Picture, width: number, height: number, filter = bilinear): Picture {
  const window = { first: 0, size: width };
  return resizeWindow(picture, { width, height }, { left: window, top: { first: 0, size: height } }, filter);
}

/** Positions `first` to `first + size` of a resized axis. */
export type Span = { readonly first: number; readonly size: number };

/** What resizing to `size` gives inside a window of it; only the pixels of the window are computed. */
export function resizeWindow(
  picture: Picture,
  size: { readonly width: number; readonly height: number },
  { left, top }: { readonly left: Span; readonly top: Span },
  filter = bilinear,
): Picture {
  const columns = planAxis(picture.width, size.width, left, filter);
  const rows = planAxis(picture.height, size.height, top, filter);
  return resampleColumns(resampleRows(picture, columns, rows), rows);
}

/** A resampling filter of Pillow's: its reach in source pixels when enlarging, and its height at a distance. */
export type Filter = { readonly support: number; readonly height: (distance: number) => number };

/** A triangle. */
export const bilinear: Filter = { support: 1, height: (distance) => Math.max(1 - Math.abs(distance), 0) };

/** Keys' cubic with a = -0.5 (Keys 1981). */
export const bicubic: Filter = {
  support: 2,
  height: (distance) => {
    const x = Math.abs(distance);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  },
};

/** For each output position: the first source position and the fixed-point weights of it and its followers. */
type Axis = { readonly taps: readonly Taps[]; readonly first: number; readonly end: number };
type Taps = { readonly start: number; readonly weights: Int32Array };

/** Pillow's 8-bit precision: 32 bits less 8 of the pixel and 2 of headroom. */
const precisionBits = 22;
const half = 2 ** (precisionBits - 1);

/** The taps of a window of an axis resized from `from` to `to`. */
function planAxis(from: number, to: number, window: Span, filter: Filter): Axis {
  const taps = Array.from({ length: window.size }, (_, index) => tapsAt(window.first + index, from, to, filter));
  const first = Math.min(...taps.map((tap) => tap.start));
  const end = Math.max(...taps.map((tap) => tap.start + tap.weights.length));
  return { taps, first, end };
}

/** The filter, widened by the shrink factor, around the source position under the output pixel's center. */
function tapsAt(position: number, from: number, to: number, filter: Filter): Taps {
  const scale = from / to;
  const width = Math.max(scale, 1);
  const support = filter.support * width;
  const center = (position + 0.5) * scale;
  const start = Math.max(Math.trunc(center - support + 0.5), 0);
  const end = Math.min(Math.trunc(center + support + 0.5), from);
  const heights = new Float64Array(end - start);
  let total = 0;
  for (let index = 0; index < heights.length; index += 1) {
    heights[index] = filter.height((start + index - center + 0.5) / width);
    total += heights[index]!;
  }
  const weights = new Int32Array(heights.length);
  for (let index = 0; index < weights.length; index += 1) {
    const height = heights[index]!;
    weights[index] = Math.trunc((height / total) * 2 ** precisionBits + (height < 0 ? -0.5 : 0.5));
  }
  return { start, weights };
}

/** Horizontal pass over the source rows that the vertical pass will need. */
function resampleRows(picture: Picture, columns: Axis, rows: Axis): Picture {
  const width = columns.taps.length;
  const height = rows.end - rows.first;
  const rgb = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    const source = (rows.first + row) * picture.width * 3;
    for (let column = 0; column < width; column += 1) {
      blend(picture.rgb, source, 3, columns.taps[column]!, rgb, (row * width + column) * 3);
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
      blend(strip.rgb, column * 3 - rows.first * stride, stride, taps, rgb, row * stride + column * 3);
    }
  }
  return { width, height, rgb };
}

/** One output pixel: the weighted sum of a line of source pixels, rounded to a byte. */
function blend(
  source: Uint8Array,
  lineAt: number,
  stride: number,
  { start, weights }: Taps,
  target: Uint8Array,
  targetAt: number,
): void {
  let red = half;
  let green = half;
  let blue = half;
  let at = lineAt + start * stride;
  for (let tap = 0; tap < weights.length; tap += 1) {
    const weight = weights[tap]!;
    red += source[at]! * weight;
    green += source[at + 1]! * weight;
    blue += source[at + 2]! * weight;
    at += stride;
  }
  // Sums stay below 2^31 (a cubic overshoots by less than a half), so the shift is exact.
  target[targetAt] = clamped(red);
  target[targetAt + 1] = clamped(green);
  target[targetAt + 2] = clamped(blue);
}

function clamped(sum: number): number {
  return Math.max(0, Math.min(sum >> precisionBits, 255));
}
