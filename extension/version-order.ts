/** Which of two versions came first. Pure. */

/** Whether `version` is older than `other`; both are MAJOR.MINOR.PATCH, anything else counts as 0. */
export function isOlder(version: string, other: string): boolean {
  const left = numbersOf(version);
  const right = numbersOf(other);
  for (const [index, number] of left.entries()) {
    const against = right[index] ?? 0;
    if (number !== against) return number < against;
  }
  return false;
}

function numbersOf(version: string): readonly number[] {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  return [1, 2, 3].map((group) => Number(match?.[group] ?? 0));
}
