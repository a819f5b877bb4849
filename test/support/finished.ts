/** Computations in pieces, carried out at once. */
import type { Pieces } from "../../daemon/base/pieces.ts";

export function finished<Value>(pieces: Pieces<Value>): Value {
  for (;;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
  }
}
