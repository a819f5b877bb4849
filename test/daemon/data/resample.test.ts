/** Resizing and cropping gives Pillow's bytes. */
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../daemon/base/hash.ts";
import type { Picture } from "../../../daemon/data/picture.ts";
import { cropRange, resizeAndCenterCrop, resizeAndCrop, resizePicture } from "../../../daemon/data/resample.ts";
import { checkerPicture } from "../../support/checker-picture.ts";

/**
 * Start of the SHA-256 of the RGB bytes that Pillow 13.0 gives: resize((w, h), BILINEAR) with torchvision's output size
 * (int(size * long / short)), then crop at int(round((side - size) / 2)).
 */
const pillow = [
  [48, 32, 16, "3422ef68d79efd89"],
  [50, 37, 64, "277ebde6b29476fb"],
  [640, 427, 64, "7081005f3fa26720"],
  [427, 640, 512, "76c9983285ff2af5"],
  [33, 20, 21, "60153cd9c77b4b0c"],
  [20, 33, 7, "b6de05b1f3c627ea"],
  [1, 300, 8, "2004c525e688e564"],
  [300, 2, 5, "667e23e4ba30fb23"],
  [101, 100, 100, "8e5caa3ca0ee5393"],
  [64, 64, 64, "984038ffd1c942fa"],
  [1000, 1000, 3, "2d3d4810aaec7e6f"],
] as const;

describe("resizeAndCenterCrop", () => {
  it.each(pillow)("is Pillow's %i x %i to %i", (width, height, resolution, digest) => {
    const square = resizeAndCenterCrop(checkerPicture(width, height), resolution);
    expect([square.width, square.height]).toEqual([resolution, resolution]);
    expect(sha256(square.rgb).slice(0, 16)).toBe(digest);
  });

  it("keeps every pixel of a picture that fits", () => {
    const fitting = checkerPicture(64, 64);
    expect(resizeAndCenterCrop(fitting, 64).rgb).toEqual(fitting.rgb);
  });

  it("takes the middle of a long strip without making it whole", () => {
    const strip = { width: 1, height: 200_000, rgb: new Uint8Array(600_000).fill(77) };
    expect(resizeAndCenterCrop(strip, 512).rgb.every((byte) => byte === 77)).toBe(true);
  });
});

describe("resizeAndCrop", () => {
  const sizes = [
    [50, 37, 16],
    [37, 50, 16],
    [300, 2, 5],
    [64, 64, 64],
    [20, 33, 21],
  ] as const;
  it.each(sizes)("of %i x %i to %i is a window of the whole, wherever it lies", (width, height, resolution) => {
    const original = checkerPicture(width, height);
    const range = cropRange(original, resolution);
    const long = resolution + range;
    const isWide = height < width;
    const whole = resizePicture(original, isWide ? long : resolution, isWide ? resolution : long);
    for (let offset = 0; offset <= range; offset += 1) {
      const [left, top] = isWide ? [offset, 0] : [0, offset];
      expect(resizeAndCrop(original, resolution, offset)).toEqual(windowOf(whole, left, top, resolution));
    }
  });

  it("at the middle is the center crop", () => {
    const wide = checkerPicture(100, 50);
    expect(cropRange(wide, 20)).toBe(20);
    expect(resizeAndCrop(wide, 20, 10)).toEqual(resizeAndCenterCrop(wide, 20));
  });
});

function windowOf({ width, rgb }: Picture, left: number, top: number, side: number): Picture {
  const rows = Array.from({ length: side }, (_, row) => {
    const start = ((top + row) * width + left) * 3;
    return [...rgb.subarray(start, start + side * 3)];
  });
  return { width: side, height: side, rgb: Uint8Array.from(rows.flat()) };
}
