/** Long computations in pieces: between two of them the event loop runs, and whoever waits may stop. */
import { setImmediate as turnOfOthers } from "node:timers/promises";

/** A computation that rests at each `yield`. What it returns does not depend on when it goes on. */
export type Pieces<Value> = Generator<void, Value>;

/** After so many milliseconds others have their turn. */
const longestTurn = 50;

/**
 * Carry out a computation.
 * @param between called after the turn of others; what it throws ends the computation
 */
export async function inPieces<Value>(pieces: Pieces<Value>, between: () => void): Promise<Value> {
  let since = performance.now();
  for (let piece = pieces.next(); ; piece = pieces.next()) {
    if (piece.done === true) return piece.value;
    if (performance.now() - since < longestTurn) continue;
    await turnOfOthers();
    between();
    since = performance.now();
  }
}

/** As `rows.map(toValue)`, with a rest after each row. */
export function* mapInPieces<Row, Value>(
  rows: readonly Row[],
  toValue: (row: Row, index: number) => Value,
): Pieces<Value[]> {
  const values: Value[] = [];
  for (const [index, row] of rows.entries()) {
    values.push(toValue(row, index));
    yield;
  }
  return values;
}
