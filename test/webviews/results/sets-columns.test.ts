/** Sets side by side: no row has a single set at its end, however wide the page is. */
import { describe, expect, it } from "vitest";
import { setsColumns } from "../../../webviews/results/sets-columns.ts";

/** Sets in each row. */
function rowsOf(count: number, width: number): readonly number[] {
  const { columns, isFirstAlone } = setsColumns(count, width);
  const rows = isFirstAlone ? [1] : [];
  for (let left = count - rows.length; 0 < left; left -= columns) rows.push(Math.min(columns, left));
  return rows;
}

describe("sets", () => {
  it.each([
    [2, 428, [2]],
    [3, 428, [3]],
    [4, 428, [2, 2]],
    [5, 428, [3, 2]],
    [6, 428, [3, 3]],
    [5, 768, [5]],
    [6, 768, [3, 3]],
    [6, 1248, [6]],
    [3, 300, [1, 2]],
    [5, 300, [1, 2, 2]],
    [3, 160, [1, 1, 1]],
    [1, 428, [1]],
  ])("of %i in %i px stand in rows of %j", (count, width, rows) => {
    expect(rowsOf(count, width)).toEqual(rows);
  });

  it("are never left alone at the end where others stand side by side", () => {
    for (let count = 2; count <= 8; count += 1) {
      for (let width = 0; width < 1500; width += 10) {
        const rows = rowsOf(count, width);
        expect(rows.at(-1) === 1 && rows.some((each) => 1 < each), `${count} sets in ${width} px`).toBe(false);
      }
    }
  });
});
