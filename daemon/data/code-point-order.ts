/** The order of names that Python's `sorted` gives, and with it torchvision's and Hugging Face's class indices. */

/** Compare by Unicode code point. JavaScript's own order is by UTF-16 unit and differs above U+FFFF. */
export function compareCodePoints(left: string, right: string): number {
  const rightPoints = right[Symbol.iterator]();
  for (const leftPoint of left) {
    const next = rightPoints.next();
    if (next.done) return 1;
    const difference = leftPoint.codePointAt(0)! - next.value.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return rightPoints.next().done ? 0 : -1;
}
