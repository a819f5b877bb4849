/** "Did you mean": the nearest of some words to a word that was mistyped. */

/**
 * Fewest insertions, deletions, substitutions and swaps of neighbors that turn one word into the other
 * (optimal string alignment, the restricted Damerau-Levenshtein distance).
 */
export function editDistance(left: string, right: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const change = left[row - 1] === right[column - 1] ? 0 : 1;
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + change,
        swapped && 1 < row && 1 < column ? (beforeLast[column - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] as number;
}

/** The word without what spellings differ in: case, underscores, dashes, spaces, dots. */
export function plainSpelling(word: string): string {
  return word.toLowerCase().replace(/[\s_.-]+/g, "");
}

// Longer words cannot be near any word of a configuration, and their distance would take long.
const longestWord = 60;

/** The candidate nearest to `word`, when at most two letters in five differ; the first one on a tie. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const plain = plainSpelling(word);
  if (plain === "" || longestWord < plain.length) return undefined;
  const ranked = candidates
    .map((candidate) => ({ candidate, other: plainSpelling(candidate) }))
    .map(({ candidate, other }) => ({ candidate, other, distance: editDistance(plain, other) }))
    .filter(({ other, distance }) => distance <= Math.floor(0.4 * Math.max(plain.length, other.length)))
    .sort((left, right) => left.distance - right.distance);
  return ranked[0]?.candidate;
}
