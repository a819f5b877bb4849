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
  return mapPixels(picture, (red, green, blue) => {
    const gray = luma(red, green, blue);
    return [blend(gray, red, factor), blend(gray, green, factor), blend(gray, blue, factor)];
  });
}

/** All channels the luma. */
export function grayscale(picture: Picture): Picture {
  return mapPixels(picture, (red, green, blue) => {
    const gray = luma(red, green, blue);
    return [gray, gray, gray];
  });
}

/** Hue turned by `turn` of a full circle (-0.5 to 0.5), in HSV of floating point. */
export function hue(picture: Picture, turn: number): Picture {
  if (turn === 0) return picture;
  return mapPixels(picture, (red, green, blue) => turnedHue(red, green, blue, turn));
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
  return Uint8Array.from({ length: 256 }, (_, byte) => Math.max(0, Math.min(255, of(byte))));
}

function mapBytes(picture: Picture, of: (byte: number) => number): Picture {
  const values = table(of);
  return { ...picture, rgb: picture.rgb.map((byte) => values[byte]!) };
}

function mapChannels(picture: Picture, tableOf: (counts: readonly number[]) => Table): Picture {
  const tables = [0, 1, 2].map((channel) => {
    const counts = Array<number>(256).fill(0);
    for (let at = channel; at < picture.rgb.length; at += 3) counts[picture.rgb[at]!]! += 1;
    return tableOf(counts);
  });
  return { ...picture, rgb: picture.rgb.map((byte, at) => tables[at % 3]![byte]!) };
}

type Pixel = readonly [red: number, green: number, blue: number];

function mapPixels(picture: Picture, of: (red: number, green: number, blue: number) => Pixel): Picture {
  const rgb = new Uint8Array(picture.rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const [red, green, blue] = of(picture.rgb[at]!, picture.rgb[at + 1]!, picture.rgb[at + 2]!);
    rgb[at] = red;
    rgb[at + 1] = green;
    rgb[at + 2] = blue;
  }
  return { ...picture, rgb };
}

function turnedHue(red: number, green: number, blue: number, turn: number): Pixel {
  const high = Math.max(red, green, blue);
  const range = high - Math.min(red, green, blue);
  if (range === 0) return [red, green, blue];
  const sixth = (from: number, to: number, offset: number) => (to - from) / range + offset;
  const sextant = high === red ? sixth(blue, green, 0) : high === green ? sixth(red, blue, 2) : sixth(green, red, 4);
  const turned = (((sextant / 6 + turn) % 1) + 1) % 1;
  // Smith 1978: each channel falls and rises once around the circle.
  const channel = (offset: number) => {
    const place = (offset + turned * 6) % 6;
    return Math.round(high - range * Math.max(0, Math.min(place, 4 - place, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}
