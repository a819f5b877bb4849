/** Moving pixels: shear, shift, rotation and mirror, nearest neighbor, black outside. Pure. */
import type { Picture } from "./picture.ts";

/** Where in the source a pixel of the result comes from: x' = a x + b y + c, y' = d x + e y + f, at pixel centers. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** The picture seen through an affine map, in its own size (Pillow's transform AFFINE, NEAREST). */
export function transformed(picture: Picture, [a, b, c, d, e, f]: Affine): Picture {
  const { width, height } = picture;
  const rgb = new Uint8Array(picture.rgb.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const column = Math.floor(a * (x + 0.5) + b * (y + 0.5) + c);
      const row = Math.floor(d * (x + 0.5) + e * (y + 0.5) + f);
      if (column < 0 || width <= column || row < 0 || height <= row) continue;
      copyPixel(picture.rgb, row * width + column, rgb, y * width + x);
    }
  }
  return { width, height, rgb };
}

/** Each row shifted by `slope` times its distance from the top; `vertical` shears columns by their distance from the left. */
export function sheared(picture: Picture, slope: number, direction: "horizontal" | "vertical"): Picture {
  return transformed(picture, direction === "horizontal" ? [1, slope, 0, 0, 1, 0] : [1, 0, 0, slope, 1, 0]);
}

/** Moved to the right and down by whole pixels. */
export function shifted(picture: Picture, right: number, down: number): Picture {
  return transformed(picture, [1, 0, -Math.trunc(right), 0, 1, -Math.trunc(down)]);
}

/** Turned counterclockwise about the middle. */
export function rotated(picture: Picture, degrees: number): Picture {
  const angle = (-degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [x, y] = [picture.width / 2, picture.height / 2];
  return transformed(picture, [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y]);
}

/** Left and right exchanged. */
export function mirrored({ width, height, rgb }: Picture): Picture {
  const result = new Uint8Array(rgb.length);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      copyPixel(rgb, row * width + column, result, row * width + width - 1 - column);
    }
  }
  return { width, height, rgb: result };
}

function copyPixel(from: Uint8Array, place: number, to: Uint8Array, newPlace: number): void {
  to[newPlace * 3] = from[place * 3]!;
  to[newPlace * 3 + 1] = from[place * 3 + 1]!;
  to[newPlace * 3 + 2] = from[place * 3 + 2]!;
}
