/** The confusion matrix as cells: shares, moves of the keyboard, and the pairs that are confused most. Pure. */

/** The place of a test picture's class and of an answer. */
export type ConfusionCell = { readonly label: number; readonly predicted: number };

export type ConfusedPair = ConfusionCell & { readonly count: number; readonly share: number };

export type Matrix = readonly (readonly number[])[];

export function countAt(matrix: Matrix, { label, predicted }: ConfusionCell): number {
  return matrix[label]?.[predicted] ?? 0;
}

export function rowTotal(matrix: Matrix, label: number): number {
  return (matrix[label] ?? []).reduce((sum, count) => sum + count, 0);
}

/** Of the answers to pictures of the cell's class; 0 where there are none. */
export function shareAt(matrix: Matrix, cell: ConfusionCell): number {
  const total = rowTotal(matrix, cell.label);
  return total === 0 ? 0 : countAt(matrix, cell) / total;
}

/** The pairs off the diagonal with the greatest shares, at most `most`, none of share 0. */
export function confusedPairs(matrix: Matrix, most: number): readonly ConfusedPair[] {
  const pairs = matrix.flatMap((row, label) =>
    row.flatMap((count, predicted) => {
      return label === predicted || count === 0 ? [] : [{ label, predicted, count, share: 0 }];
    }),
  );
  const shared = pairs.map((pair) => ({ ...pair, share: shareAt(matrix, pair) }));
  return shared.sort((a, b) => b.share - a.share || b.count - a.count).slice(0, most);
}

/** Where a key leads; undefined for keys that lead nowhere. */
export function movedCell(
  { label, predicted }: ConfusionCell,
  { key, isFar, classes }: { readonly key: string; readonly isFar: boolean; readonly classes: number },
): ConfusionCell | undefined {
  const last = classes - 1;
  const to = (line: number, column: number) => ({ label: within(line, last), predicted: within(column, last) });
  switch (key) {
    case "ArrowUp":
      return to(label - 1, predicted);
    case "ArrowDown":
      return to(label + 1, predicted);
    case "ArrowLeft":
      return to(label, predicted - 1);
    case "ArrowRight":
      return to(label, predicted + 1);
    case "Home":
      return to(isFar ? 0 : label, 0);
    case "End":
      return to(isFar ? last : label, last);
    default:
      return undefined;
  }
}

function within(value: number, last: number): number {
  return Math.min(Math.max(value, 0), last);
}
