/** Filters over neighborhoods: sharpness and Gaussian blur. Pure. */
import { blend } from "./color-ops.ts";
import type { Picture } from "./picture.ts";

/** 0 is smoothed, 1 the picture, more is sharper; the bytes of Pillow's ImageEnhance.Sharpness. */
export function sharpness(picture: Picture, factor: number): Picture {
  const { rgb } = smoothed(picture);
  for (let at = 0; at < rgb.length; at += 1) rgb[at] = blend(rgb[at]!, picture.rgb[at]!, factor);
  return { ...picture, rgb };
}

/** Pillow's SMOOTH: a 3 x 3 kernel of ones with 5 in the middle, over 13; the border stays. */
function smoothed(picture: Picture): Picture {
  const { width, height } = picture;
  const rgb = picture.rgb.slice();
  const stride = width * 3;
  for (let y = 1; y < height - 1; y += 1) {
    for (let at = y * stride + 3; at < (y + 1) * stride - 3; at += 1) {
      let sum = 4 * picture.rgb[at]!;
      for (let row = at - stride; row <= at + stride; row += stride) {
        sum += picture.rgb[row - 3]! + picture.rgb[row]! + picture.rgb[row + 3]!;
      }
      rgb[at] = Math.floor(sum / 13 + 0.5);
    }
  }
  return { ...picture, rgb };
}

/** Blurred by a normal distribution with this standard deviation in pixels, cut at three of them; edges continue. */
export function gaussianBlur(picture: Picture, deviation: number): Picture {
  const reach = Math.ceil(3 * deviation);
  const heights = Array.from({ length: 2 * reach + 1 }, (_, index) =>
    Math.exp(-(((index - reach) / deviation) ** 2) / 2),
  );
  const total = heights.reduce((sum, height) => sum + height, 0);
  const kernel = heights.map((height) => height / total);
  const { width, height, rgb } = picture;
  const rows = convolve(
    Float32Array.from(rgb),
    { count: width, stride: 3, lines: height, lineStride: width * 3 },
    kernel,
  );
  const both = convolve(rows, { count: height, stride: width * 3, lines: width, lineStride: 3 }, kernel);
  const blurred = new Uint8Array(rgb.length);
  for (let at = 0; at < blurred.length; at += 1) blurred[at] = Math.min(255, Math.floor(both[at]! + 0.5));
  return { ...picture, rgb: blurred };
}

/** Pixels along a line and from line to line, in bytes. */
type Lines = { readonly count: number; readonly stride: number; readonly lines: number; readonly lineStride: number };

function convolve(source: Float32Array, { count, stride, lines, lineStride }: Lines, kernel: readonly number[]) {
  const reach = (kernel.length - 1) / 2;
  const result = new Float32Array(source.length);
  for (let place = 0; place < count; place += 1) {
    // Where each tap reads in every line.
    const taps = kernel.map((_, tap) => stride * Math.max(0, Math.min(count - 1, place + tap - reach)));
    for (let line = 0; line < lines; line += 1) {
      const start = line * lineStride;
      for (let channel = start; channel < start + 3; channel += 1) {
        let sum = 0;
        for (let tap = 0; tap < taps.length; tap += 1) sum += kernel[tap]! * source[channel + taps[tap]!]!;
        result[channel + place * stride] = sum;
      }
    }
  }
  return result;
}
