/** How many sets stand side by side: rows of one length, as far as that can be. Pure. */

/** What a set needs, and what lies between two, in px. */
const narrowestSet = 120;
export const setsGap = 20;

export type SetsColumns = {
  readonly columns: number;
  /** The first set has a row of its own: else the last one would be left alone. */
  readonly isFirstAlone: boolean;
};

/** @param width of all of them together, in px */
export function setsColumns(count: number, width: number): SetsColumns {
  const room = Math.max(1, Math.floor((width + setsGap) / (narrowestSet + setsGap)));
  const columns = Math.ceil(count / Math.ceil(count / room));
  return { columns, isFirstAlone: 1 < columns && columns < count && count % columns === 1 };
}
