/** Mixed pictures: MixUp (Zhang et al. 2018) and CutMix (Yun et al. 2019), as torchvision's v2 transforms with alpha 1. Pure. */
import type { Rng } from "../base/random.ts";

/** Pictures [3, side, side] with targets over the classes; both are arrays of their own. */
export type Mixable = { readonly pixels: Float32Array; readonly target: Float32Array };

/** Each picture mixed with its neighbor, the first with the last; all in one proportion and, cut, with one box. */
export function mixed(pictures: readonly Mixable[], side: number, rng: Rng): readonly Mixable[] {
  if (pictures.length < 2) return pictures;
  const share = rng.uniform();
  const box = rng.uniform() < 0.5 ? undefined : randomBox(side, share, rng);
  const kept = box === undefined ? share : 1 - ((box.right - box.left) * (box.bottom - box.top)) / side ** 2;
  return pictures.map((picture, index) => {
    const other = pictures.at(index - 1)!;
    const pixels = box === undefined ? blended(picture.pixels, other.pixels, kept) : pasted(picture, other, side, box);
    return { pixels, target: blended(picture.target, other.target, kept) };
  });
}

/** share * left + (1 - share) * right */
export function blended(left: Float32Array, right: Float32Array, share: number): Float32Array {
  return left.map((value, index) => share * value + (1 - share) * right[index]!);
}

type Box = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };

/** A box of 1 - share of the area around a random place, cut off at the border. */
function randomBox(side: number, share: number, rng: Rng): Box {
  const half = Math.trunc((side * Math.sqrt(1 - share)) / 2);
  const [x, y] = [rng.integer(side), rng.integer(side)];
  const span = (center: number) => [Math.max(0, center - half), Math.min(side, center + half)] as const;
  const [left, right] = span(x);
  const [top, bottom] = span(y);
  return { left, right, top, bottom };
}

function pasted(picture: Mixable, other: Mixable, side: number, { left, right, top, bottom }: Box): Float32Array {
  const pixels = picture.pixels.slice();
  for (let channel = 0; channel < 3; channel += 1) {
    for (let row = top; row < bottom; row += 1) {
      const start = (channel * side + row) * side;
      pixels.set(other.pixels.subarray(start + left, start + right), start + left);
    }
  }
  return pixels;
}
