/** Which adapters of a class come together for each image. */
import { type Rng, shuffled } from "../../base/random.ts";

/** Above this many groups they are drawn one by one instead of listed and shuffled. */
export const listedGroupsLimit = 10_000;

/**
 * The groups of `imageCount` images: all C(adapterCount, size) groups in random order, then again from the start.
 * A longer answer begins with the shorter one.
 *
 * The order inside a group is random too, and moves on by one with each repetition: with unequal fixed weights the
 * larger weight then favors no photo (the official code gives it by listing order).
 * @returns for each image `size` different indices below `adapterCount`
 */
export function fusionGroups(adapterCount: number, size: number, imageCount: number, rng: Rng): readonly number[][] {
  if (adapterCount === 0) return [];
  if (listedGroupsLimit < binomial(adapterCount, size, listedGroupsLimit)) {
    return drawnGroups(adapterCount, size, imageCount, rng);
  }
  const groups = shuffled(combinations(adapterCount, size), rng).map((group) => shuffled(group, rng));
  return Array.from({ length: imageCount }, (_, image) =>
    rotated(groups[image % groups.length] as number[], Math.floor(image / groups.length)),
  );
}

/** C(count, size); any number above `cap` stands for all numbers above it. */
export function binomial(count: number, size: number, cap: number): number {
  let result = 1;
  for (let place = 1; place <= Math.min(size, count - size); place += 1) {
    result = (result * (count - place + 1)) / place;
    if (cap < result) return result;
  }
  return size <= count ? Math.round(result) : 0;
}

/** All ascending lists of `size` indices below `count`, in lexicographic order. */
export function combinations(count: number, size: number, from = 0): number[][] {
  if (size === 0) return [[]];
  return Array.from({ length: Math.max(0, count - size + 1 - from) }, (_, offset) => from + offset).flatMap((first) =>
    combinations(count, size - 1, first + 1).map((others) => [first, ...others]),
  );
}

/** Groups drawn at random; one comes again only after half of all groups have come. */
function drawnGroups(count: number, size: number, imageCount: number, rng: Rng): readonly number[][] {
  const half = binomial(count, size, Number.MAX_SAFE_INTEGER) / 2;
  const seen = new Set<string>();
  const groups: number[][] = [];
  while (groups.length < imageCount) {
    const group = drawnGroup(count, size, rng);
    const key = [...group].sort((left, right) => left - right).join(" ");
    if (seen.has(key)) continue;
    if (half <= seen.size) seen.clear();
    seen.add(key);
    groups.push(group);
  }
  return groups;
}

/** `size` different indices below `count`, every ordered choice equally likely (a Fisher-Yates shuffle cut short). */
function drawnGroup(count: number, size: number, rng: Rng): number[] {
  const moved = new Map<number, number>();
  return Array.from({ length: size }, (_, place) => {
    const other = place + rng.integer(count - place);
    const chosen = moved.get(other) ?? other;
    moved.set(other, moved.get(place) ?? place);
    return chosen;
  });
}

function rotated(group: readonly number[], turns: number): number[] {
  const turn = turns % group.length;
  return [...group.slice(turn), ...group.slice(0, turn)];
}
