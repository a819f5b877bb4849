/**
 * The interval of a difference in accuracy for a reference row that the file was not made with: the same paired
 * bootstrap as the evaluation's own, from the answers to the same pictures. Pure.
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { ResultRow } from "../../schemas/results.ts";
import type { RowHits } from "./protocol.ts";

export type Interval = {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
};

/** A training of one row and one of the other, of one seed: whether each picture was right. */
export type HitPair = { readonly left: string; readonly right: string };

const confidence = 0.95;

/** The daemon draws five times as often; here a person waits, and the ends move by a tenth of the interval's half. */
const resamples = 2000;

/** Trainings of one seed are compared; zero-shot, which has no seeds, stands against each training of the other. */
export function pairHits(own: ResultRow, base: ResultRow, all: readonly RowHits[]): readonly HitPair[] {
  const seeded = own.kind === "zero-shot" ? base : own;
  const at = ({ id, kind }: ResultRow, seed: number) =>
    all.find((each) => each.row === id && (kind === "zero-shot" || each.seed === seed))?.hits;
  return seeded.runs.flatMap(({ seed }) => {
    const [left, right] = [at(own, seed), at(base, seed)];
    if (left === undefined || right === undefined || left.length !== right.length || left === "") return [];
    return [{ left, right }];
  });
}

/**
 * Trainings and pictures are drawn again with replacement, both classifiers are judged on the same draw (Efron &
 * Tibshirani 1993); the same pairs give the same interval.
 * @param pairs at least one; all of one length
 * @returns the percentile interval of the difference left - right
 */
export function bootstrapInterval(pairs: readonly HitPair[]): Interval {
  const pictures = pairs[0]?.left.length ?? 0;
  const gaps = pairs.map(({ left, right }) =>
    Int8Array.from({ length: pictures }, (_, i) => Number(left[i]) - Number(right[i])),
  );
  const rng = xoroshiro128plus(0);
  const draw = (bound: number) => uniformInt(rng, 0, bound - 1);
  const differences = Float64Array.from({ length: resamples }, () => {
    const drawn = gaps.map(() => gaps[draw(gaps.length)] as Int8Array);
    let sum = 0;
    for (let i = 0; i < pictures; i += 1) {
      const picture = draw(pictures);
      for (const gap of drawn) sum += gap[picture] as number;
    }
    return sum / (gaps.length * pictures);
  }).sort();
  const total = gaps.reduce((sum, gap) => sum + gap.reduce((inner, each) => inner + each, 0), 0);
  const tail = (1 - confidence) / 2;
  return {
    difference: total / (gaps.length * pictures),
    low: quantile(differences, tail),
    high: quantile(differences, 1 - tail),
    confidence,
  };
}

/** Of sorted values, interpolated linearly. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below] as number, sorted[Math.min(sorted.length - 1, below + 1)] as number];
  return low + (high - low) * (place - below);
}
