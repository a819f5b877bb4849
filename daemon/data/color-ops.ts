/** Changes of color, pixel by pixel, with the bytes that Pillow's ImageEnhance and ImageOps give. Pure. */
import type { Picture } from "./picture.ts";

/** Luma of ITU-R 601-2, as Pillow's convert("L") rounds it. */
function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}

/** 0 is black, 1 the picture, more is brighter. */
export function brightness(picture: Picture, factor: number): Picture {
  return mapBytes(picture, (byte) => blend(0, byte, factor));
}

/** 0 is the mean gray, 1 the picture. */
export function contrast(picture: Picture, factor: number): Picture {
  const { rgb } = picture;
  let sum = 0;
  for (let at = 0; at < rgb.length; at += 3) sum += luma(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!);
  const gray = Math.floor(sum / (rgb.length / 3) + 0.5);
  return mapBytes(picture, (byte) => blend(gray, byte, factor));
}

/** 0 is gray, 1 the picture. */
export function saturation(picture: Picture, factor: number): Picture {
  return mapPixels(picture, (rgb, at, red, green, blue) => {
    const gray = luma(red, green, blue);
    rgb[at] = blend(gray, red, factor);
    rgb[at + 1] = blend(gray, green, factor);
    rgb[at + 2] = blend(gray, blue, factor);
  });
}

/** All channels the luma. */
export function grayscale(picture: Picture): Picture {
  return mapPixels(picture, (rgb, at, red, green, blue) => {
    const gray = luma(red, green, blue);
    rgb[at] = gray;
    rgb[at + 1] = gray;
    rgb[at + 2] = gray;
  });
}

/** Hue turned by `turn` of a full circle (-0.5 to 0.5), in HSV of floating point. */
export function hue(picture: Picture, turn: number): Picture {
  if (turn === 0) return picture;
  return mapPixels(picture, (rgb, at, red, green, blue) => {
    const high = Math.max(red, green, blue);
    const range = high - Math.min(red, green, blue);
    const turned = 6 * turnedHue(red, green, blue, turn);
    // Smith 1978: each channel falls and rises once around the circle.
    rgb[at] = channelAt(5 + turned, high, range);
    rgb[at + 1] = channelAt(3 + turned, high, range);
    rgb[at + 2] = channelAt(1 + turned, high, range);
  });
}

/** The highest `bits` bits of each byte kept. */
export function posterize(picture: Picture, bits: number): Picture {
  const mask = ~(2 ** (8 - bits) - 1) & 0xff;
  return mapBytes(picture, (byte) => byte & mask);
}

/** Bytes of `threshold` and more inverted. */
export function solarize(picture: Picture, threshold: number): Picture {
  return mapBytes(picture, (byte) => (byte < threshold ? byte : 255 - byte));
}

/** Each channel stretched to 0 ... 255. */
export function autoContrast(picture: Picture): Picture {
  return mapChannels(picture, (counts) => {
    const low = counts.findIndex((count) => 0 < count);
    const high = counts.findLastIndex((count) => 0 < count);
    if (high <= low) return identity;
    const scale = 255 / (high - low);
    return table((byte) => Math.trunc(byte * scale - low * scale));
  });
}

/** Each channel's histogram made flat. */
export function equalize(picture: Picture): Picture {
  return mapChannels(picture, (counts) => {
    const present = counts.filter((count) => 0 < count);
    const total = present.reduce((sum, count) => sum + count, 0);
    const step = Math.floor((total - (present.at(-1) ?? 0)) / 255);
    if (present.length <= 1 || step === 0) return identity;
    let sofar = Math.floor(step / 2);
    return table((byte) => {
      const value = Math.floor(sofar / step);
      sofar += counts[byte]!;
      return value;
    });
  });
}

/** From `start` to `end`, beyond as well; cut to a byte as Pillow's Image.blend does. */
export function blend(start: number, end: number, factor: number): number {
  // In float32, as Pillow computes it: 1.4 times 5 is a hair below 7.
  const value = Math.fround(start + Math.fround(Math.fround(factor) * (end - start)));
  return value <= 0 ? 0 : Math.min(255, Math.trunc(value));
}

type Table = Uint8Array;

const identity: Table = Uint8Array.from({ length: 256 }, (_, byte) => byte);

function table(of: (byte: number) => number): Table {
  const values = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte += 1) values[byte] = Math.max(0, Math.min(255, of(byte)));
  return values;
}

function mapBytes(picture: Picture, of: (byte: number) => number): Picture {
  const values = table(of);
  const rgb = new Uint8Array(picture.rgb.length);
  for (let at = 0; at < rgb.length; at += 1) rgb[at] = values[picture.rgb[at]!]!;
  return { ...picture, rgb };
}

function mapChannels(picture: Picture, tableOf: (counts: readonly number[]) => Table): Picture {
  const rgb = new Uint8Array(picture.rgb.length);
  for (let channel = 0; channel < 3; channel += 1) {
    const counts = Array<number>(256).fill(0);
    for (let at = channel; at < rgb.length; at += 3) counts[picture.rgb[at]!]! += 1;
    const values = tableOf(counts);
    for (let at = channel; at < rgb.length; at += 3) rgb[at] = values[picture.rgb[at]!]!;
  }
  return { ...picture, rgb };
}

/** Write a pixel's new bytes, from `at` on: an array for each pixel would cost more than all arithmetic. */
type WritePixel = (rgb: Uint8Array, at: number, red: number, green: number, blue: number) => void;

function mapPixels(picture: Picture, write: WritePixel): Picture {
  const rgb = new Uint8Array(picture.rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    write(rgb, at, picture.rgb[at]!, picture.rgb[at + 1]!, picture.rgb[at + 2]!);
  }
  return { ...picture, rgb };
}

/** The hue as a part of the circle, 0 to 1, turned; 0 where there is none. */
function turnedHue(red: number, green: number, blue: number, turn: number): number {
  const high = Math.max(red, green, blue);
  const range = high - Math.min(red, green, blue);
  if (range === 0) return 0;
  const sixth = (from: number, to: number, offset: number) => (to - from) / range + offset;
  const sextant = high === red ? sixth(blue, green, 0) : high === green ? sixth(red, blue, 2) : sixth(green, red, 4);
  return fraction(fraction(sextant / 6 + turn) + 1);
}

/** x % 1, without the runtime's slow remainder. */
function fraction(x: number): number {
  return x - Math.trunc(x);
}

/** A channel at a place of the circle, 1 to 11 sixths of it. */
function channelAt(place: number, high: number, range: number): number {
  const within = place < 6 ? place : place - 6;
  return Math.round(high - range * Math.max(0, Math.min(within, 4 - within, 1)));
}
