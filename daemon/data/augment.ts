/**
 * Pictures changed at random for training a classifier: what the LoFT and DataDream classifiers use (torchvision's
 * RandAugment, RandomResizedCrop, flip, ColorJitter, grayscale, blur, solarize, with their numbers). Pure.
 */
import type { Rng } from "../base/random.ts";
import { mirrored, rotated, sheared, shifted } from "./affine.ts";
import {
  autoContrast,
  brightness,
  contrast,
  equalize,
  grayscale,
  hue,
  posterize,
  saturation,
  solarize,
} from "./color-ops.ts";
import { gaussianBlur, sharpness } from "./filter-ops.ts";
import type { Picture } from "./picture.ts";
import { bicubic, resizeWindow } from "./resample.ts";

/** A picture as a classifier sees it while it learns, `side` x `side`. */
export function augmented(picture: Picture, side: number, rng: Rng): Picture {
  let result = randomResizedCrop(randAugment(picture, rng), side, rng);
  if (rng.uniform() < 0.5) result = mirrored(result);
  if (rng.uniform() < 0.8) result = colorJitter(result, rng);
  if (rng.uniform() < 0.2) result = grayscale(result);
  // The deviations are meant for pictures of 224 px.
  if (rng.uniform() < 0.2) result = gaussianBlur(result, Math.max(0.1, (between(rng, 0.1, 2) * side) / 224));
  return rng.uniform() < 0.2 ? solarize(result, 128) : result;
}

/** Two operations, one after the other, each of magnitude 9 of 30 (Cubuk et al. 2020). */
export function randAugment(picture: Picture, rng: Rng): Picture {
  const first = randomOperation(picture, rng);
  return randomOperation(first, rng);
}

const magnitude = 9 / 30;

/** One of torchvision's fourteen operations; signed ones go either way. */
export const operations: readonly ((picture: Picture, sign: 1 | -1) => Picture)[] = [
  (picture) => picture,
  (picture, sign) => sheared(picture, sign * magnitude * 0.3, "horizontal"),
  (picture, sign) => sheared(picture, sign * magnitude * 0.3, "vertical"),
  (picture, sign) => shifted(picture, sign * magnitude * (150 / 331) * picture.width, 0),
  (picture, sign) => shifted(picture, 0, sign * magnitude * (150 / 331) * picture.height),
  (picture, sign) => rotated(picture, sign * magnitude * 30),
  (picture, sign) => brightness(picture, 1 + sign * magnitude * 0.9),
  (picture, sign) => saturation(picture, 1 + sign * magnitude * 0.9),
  (picture, sign) => contrast(picture, 1 + sign * magnitude * 0.9),
  (picture, sign) => sharpness(picture, 1 + sign * magnitude * 0.9),
  (picture) => posterize(picture, 8 - Math.round(magnitude * 4)),
  (picture) => solarize(picture, 255 * (1 - magnitude)),
  autoContrast,
  equalize,
];

function randomOperation(picture: Picture, rng: Rng): Picture {
  const operation = operations[rng.integer(operations.length)]!;
  return operation(picture, rng.integer(2) === 0 ? 1 : -1);
}

/** A part of a quarter to the whole of the area, of aspect 3:4 to 4:3, resized to a square (bicubic). */
function randomResizedCrop(picture: Picture, side: number, rng: Rng): Picture {
  const { width, height, left, top } = randomPart(picture, rng);
  const part = cropped(picture, left, top, width, height);
  const whole = { first: 0, size: side };
  return resizeWindow(part, { width: side, height: side }, { left: whole, top: whole }, bicubic);
}

function randomPart(picture: Picture, rng: Rng) {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const area = picture.width * picture.height * between(rng, 0.25, 1);
    const aspect = Math.exp(between(rng, Math.log(3 / 4), Math.log(4 / 3)));
    const [width, height] = [Math.round(Math.sqrt(area * aspect)), Math.round(Math.sqrt(area / aspect))];
    if (width < 1 || height < 1 || picture.width < width || picture.height < height) continue;
    const left = rng.integer(picture.width - width + 1);
    return { width, height, left, top: rng.integer(picture.height - height + 1) };
  }
  // Pictures far from square: the largest part of the middle whose aspect is in range.
  const width = Math.min(picture.width, Math.round((picture.height * 4) / 3));
  const height = Math.min(picture.height, Math.round((picture.width * 4) / 3));
  const middle = (whole: number, part: number) => Math.floor((whole - part) / 2);
  return { width, height, left: middle(picture.width, width), top: middle(picture.height, height) };
}

function cropped({ width: stride, rgb }: Picture, left: number, top: number, width: number, height: number): Picture {
  const result = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    const from = ((top + row) * stride + left) * 3;
    result.set(rgb.subarray(from, from + width * 3), row * width * 3);
  }
  return { width, height, rgb: result };
}

/** Brightness, contrast, saturation and hue, in random order. */
function colorJitter(picture: Picture, rng: Rng): Picture {
  const changes: ((picture: Picture) => Picture)[] = [
    (each) => brightness(each, between(rng, 0.6, 1.4)),
    (each) => contrast(each, between(rng, 0.6, 1.4)),
    (each) => saturation(each, between(rng, 0.8, 1.2)),
    (each) => hue(each, between(rng, -0.1, 0.1)),
  ];
  let result = picture;
  while (0 < changes.length) {
    const [change] = changes.splice(rng.integer(changes.length), 1);
    result = change!(result);
  }
  return result;
}

function between(rng: Rng, low: number, high: number): number {
  return low + (high - low) * rng.uniform();
}
