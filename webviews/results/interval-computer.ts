/** Computes the intervals to one reference row, a row at a time, so that the page stays quick; tells when one is there. */
import type { ResultRow } from "../../schemas/results.ts";
import { bootstrapInterval, type Interval, pairHits } from "./paired-bootstrap.ts";
import type { RowHits } from "./protocol.ts";

export class IntervalComputer {
  /** By row; null for a row that has no training to compare. */
  readonly found = new Map<string, Interval | null>();
  readonly reference: ResultRow;
  readonly hits: readonly RowHits[];
  #rows: readonly ResultRow[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #changed: () => void;

  constructor(
    rows: readonly ResultRow[],
    { reference, hits, changed }: { reference: ResultRow; hits: readonly RowHits[]; changed: () => void },
  ) {
    this.reference = reference;
    this.hits = hits;
    this.#rows = rows.filter((row) => row !== reference);
    this.#changed = changed;
    this.#next();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#rows = [];
  }

  #next(): void {
    const [row, ...rest] = this.#rows;
    if (row === undefined) return;
    this.#timer = setTimeout(() => {
      const pairs = pairHits(row, this.reference, this.hits);
      this.found.set(row.id, pairs.length === 0 ? null : bootstrapInterval(pairs));
      this.#rows = rest;
      this.#changed();
      this.#next();
    });
  }
}
