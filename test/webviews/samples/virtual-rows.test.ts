/** Where rows stand, which of them are drawn, and where keys lead. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fittingCell,
  type GridLayout,
  layoutGroups,
  type Move,
  movePlace,
  type Place,
  rowExtent,
  rowsBetween,
  scrollToShow,
} from "../../../webviews/samples/virtual-rows.ts";

const measures = { width: 320, cell: 72, gap: 8, heading: 30, space: 10 };

function layout(...counts: readonly number[]): GridLayout {
  return layoutGroups(
    counts.map((count, i) => ({ key: `class ${i}`, count })),
    measures,
  );
}

describe("layoutGroups", () => {
  it("places headings and rows below each other", () => {
    const { columns, groups, height, ariaRows } = layout(5, 0, 4);
    expect(columns).toBe(4);
    expect(groups.map(({ top, rows, ariaRow }) => [top, rows, ariaRow])).toEqual([
      [0, 2, 1],
      [200, 0, 4],
      [240, 1, 5],
    ]);
    expect([height, ariaRows]).toEqual([360, 6]);
  });

  it.each([
    { width: 10, columns: 1 },
    { width: 0, columns: 1 },
    { width: 151, columns: 1 },
    { width: 152, columns: 2 },
  ])("has $columns columns at $width px", ({ width, columns }) => {
    expect(layoutGroups([{ key: "a", count: 3 }], { ...measures, width }).columns).toBe(columns);
  });
});

describe("fittingCell", () => {
  it.each([
    { width: 320, wanted: 72, cell: 74 },
    { width: 170, wanted: 128, cell: 170 },
    { width: 600, wanted: 256, cell: 296 },
    { width: 20, wanted: 96, cell: 32 },
  ])("fills $width px with cells of at least $wanted", ({ width, wanted, cell }) => {
    expect(fittingCell(width, wanted, 8)).toBe(cell);
  });
});

describe("rowsBetween", () => {
  const cases: readonly [number, number, unknown][] = [
    [0, 1, [{ group: 0, first: 0, end: 0 }]],
    [30, 110, [{ group: 0, first: 0, end: 1 }]],
    [109, 111, [{ group: 0, first: 0, end: 2 }]],
    [
      195,
      245,
      [
        { group: 0, first: 2, end: 2 },
        { group: 1, first: 0, end: 0 },
        { group: 2, first: 0, end: 0 },
      ],
    ],
    [
      -500,
      10_000,
      [
        { group: 0, first: 0, end: 2 },
        { group: 1, first: 0, end: 0 },
        { group: 2, first: 0, end: 1 },
      ],
    ],
  ];
  it.each(cases)("%i to %i", (top, bottom, expected) => {
    expect(rowsBetween(layout(5, 0, 4), top, bottom)).toEqual(expected);
  });

  it("finds every row in sight, and none far from it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 12 }),
        fc.nat({ max: 3000 }),
        fc.integer({ min: 1, max: 900 }),
        (counts, top, height) => {
          const placed = layout(...counts);
          const drawn = new Set<string>();
          for (const { group, first, end } of rowsBetween(placed, top, top + height)) {
            for (let row = first; row < end; row++) drawn.add(`${group}:${row}`);
          }
          placed.groups.forEach(({ rows }, group) => {
            for (let row = 0; row < rows; row++) {
              const extent = rowExtent(placed, { group, index: row * placed.columns });
              const isInSight = extent.top < top + height && top < extent.bottom;
              const isNear = extent.top < top + height && top < extent.bottom + measures.gap;
              if (isInSight) expect(drawn).toContain(`${group}:${row}`);
              if (!isNear) expect(drawn).not.toContain(`${group}:${row}`);
            }
          });
        },
      ),
    );
  });

  it("asks nothing of an empty grid", () => {
    expect(rowsBetween(layout(), 0, 100)).toEqual([]);
  });
});

describe("movePlace", () => {
  // Two rows of 4 and 1, an empty class, two rows of 4 and 2.
  const placed = layout(5, 0, 6);
  const cases: readonly [Move, Place, Place][] = [
    ["right", { group: 0, index: 0 }, { group: 0, index: 1 }],
    ["right", { group: 0, index: 4 }, { group: 2, index: 0 }],
    ["right", { group: 2, index: 5 }, { group: 2, index: 5 }],
    ["left", { group: 2, index: 0 }, { group: 0, index: 4 }],
    ["left", { group: 0, index: 0 }, { group: 0, index: 0 }],
    ["down", { group: 0, index: 2 }, { group: 0, index: 4 }],
    ["down", { group: 0, index: 4 }, { group: 2, index: 0 }],
    ["down", { group: 2, index: 3 }, { group: 2, index: 5 }],
    ["down", { group: 2, index: 5 }, { group: 2, index: 5 }],
    ["up", { group: 2, index: 3 }, { group: 0, index: 4 }],
    ["up", { group: 0, index: 3 }, { group: 0, index: 3 }],
    ["row-start", { group: 2, index: 5 }, { group: 2, index: 4 }],
    ["row-end", { group: 2, index: 1 }, { group: 2, index: 3 }],
    ["row-end", { group: 2, index: 4 }, { group: 2, index: 5 }],
    ["first", { group: 2, index: 4 }, { group: 0, index: 0 }],
    ["last", { group: 0, index: 0 }, { group: 2, index: 5 }],
    ["page-down", { group: 0, index: 1 }, { group: 2, index: 1 }],
    ["page-up", { group: 2, index: 5 }, { group: 0, index: 4 }],
  ];
  it.each(cases)("%s from %o", (move, from, to) => {
    expect(movePlace(placed, from, move, 2)).toEqual(to);
  });

  it("stays in an empty grid", () => {
    const nowhere = { group: 0, index: 0 };
    expect(movePlace(layout(), nowhere, "down", 3)).toEqual(nowhere);
    expect(movePlace(layout(0, 0), nowhere, "last", 3)).toEqual(nowhere);
  });

  it("never leaves the images", () => {
    const moves: readonly Move[] = ["left", "right", "up", "down", "row-start", "row-end", "page-up", "page-down"];
    fc.assert(
      fc.property(
        fc
          .array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 6 })
          .filter((counts) => counts.some((count) => 0 < count)),
        fc.array(fc.constantFrom(...moves), { maxLength: 40 }),
        (counts, path) => {
          const grid = layout(...counts);
          let place = movePlace(grid, { group: 0, index: 0 }, "first", 3);
          for (const move of path) {
            place = movePlace(grid, place, move, 3);
            expect(place.index).toBeGreaterThanOrEqual(0);
            expect(place.index).toBeLessThan(grid.groups[place.group]?.count ?? 0);
          }
        },
      ),
    );
  });
});

describe("scrollToShow", () => {
  it.each([
    { name: "stays where the row is in sight", index: 4, from: 80, height: 200, to: 80 },
    { name: "goes up below the sticky heading", index: 0, from: 80, height: 200, to: 0 },
    { name: "goes down just as far as needed", index: 16, from: 0, height: 200, to: 230 },
  ])("$name", ({ index, from, height, to }) => {
    expect(scrollToShow(layout(40), { group: 0, index }, from, height)).toBe(to);
  });
});
