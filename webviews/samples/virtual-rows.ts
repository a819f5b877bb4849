/**
 * Where each row of the grid stands and which rows a scroll position needs: plain arithmetic over group sizes, so that
 * a million images cost no more than one. Pure. Lengths are CSS pixels from the top of the content.
 */

export type Group = { readonly key: string; readonly count: number };

export type GridMeasures = {
  /** Width that cells may use. */
  readonly width: number;
  /** Side of a cell. */
  readonly cell: number;
  /** Between cells and between rows. */
  readonly gap: number;
  /** Height of a group's heading. */
  readonly heading: number;
  /** Below each group. */
  readonly space: number;
};

export type PlacedGroup = Group & {
  readonly top: number;
  readonly height: number;
  /** Rows of images. */
  readonly rows: number;
  /** Number of the heading among all rows of the grid, from 1, as `aria-rowindex` counts. */
  readonly ariaRow: number;
};

export type GridLayout = {
  readonly measures: GridMeasures;
  readonly columns: number;
  readonly groups: readonly PlacedGroup[];
  readonly height: number;
  /** Headings and rows of images together. */
  readonly ariaRows: number;
};

/** One image's place: group number and index inside the group. */
export type Place = { readonly group: number; readonly index: number };

/** Rows `first` up to but not including `end` of a group. */
export type RowRange = { readonly group: number; readonly first: number; readonly end: number };

export type Move =
  | "left"
  | "right"
  | "up"
  | "down"
  | "row-start"
  | "row-end"
  | "first"
  | "last"
  | "page-up"
  | "page-down";

/** The side of a cell that is at least `wanted` (where the width allows) and fills the width with whole cells. */
export function fittingCell(width: number, wanted: number, gap: number): number {
  const columns = Math.max(1, Math.floor((width + gap) / (wanted + gap)));
  const side = Math.floor((width - gap * (columns - 1)) / columns);
  return Math.max(32, Math.min(side, wanted * 2));
}

/** Place groups below each other; at least one column, however narrow it is. */
export function layoutGroups(groups: readonly Group[], measures: GridMeasures): GridLayout {
  const { width, cell, gap, heading, space } = measures;
  const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
  const placed: PlacedGroup[] = [];
  let top = 0;
  let ariaRow = 1;
  for (const group of groups) {
    const rows = Math.ceil(group.count / columns);
    const height = heading + rows * (cell + gap) + space;
    placed.push({ ...group, top, height, rows, ariaRow });
    top += height;
    ariaRow += 1 + rows;
  }
  return { measures, columns, groups: placed, height: top, ariaRows: ariaRow - 1 };
}

/** The rows that touch `top` to `bottom`, per group; a group whose heading alone is in sight has an empty range. */
export function rowsBetween(layout: GridLayout, top: number, bottom: number): readonly RowRange[] {
  const ranges: RowRange[] = [];
  for (let number = groupAt(layout, top); number < layout.groups.length; number++) {
    const group = layout.groups[number] as PlacedGroup;
    if (bottom <= group.top) break;
    ranges.push({ group: number, ...rowsOfGroup(layout, group, top, bottom) });
  }
  return ranges;
}

/** Pixels of an image's row. */
export function rowExtent(layout: GridLayout, place: Place): { readonly top: number; readonly bottom: number } {
  const { cell, gap, heading } = layout.measures;
  const group = layout.groups[place.group];
  const row = Math.floor(place.index / layout.columns);
  const top = (group?.top ?? 0) + heading + row * (cell + gap);
  return { top, bottom: top + cell };
}

/** The scroll position that brings a row into sight below its group's sticky heading, moving as little as it can. */
export function scrollToShow(layout: GridLayout, place: Place, scrollTop: number, height: number): number {
  const { top, bottom } = rowExtent(layout, place);
  const { heading, gap } = layout.measures;
  if (top - heading < scrollTop) return Math.max(0, top - heading);
  return scrollTop + height < bottom + gap ? bottom + gap - height : scrollTop;
}

/** The place that a key leads to; where there is nothing in that direction it stays. `pageRows` is what a page shows. */
export function movePlace(layout: GridLayout, place: Place, move: Move, pageRows: number): Place {
  switch (move) {
    case "left":
      return step(layout, place, -1);
    case "right":
      return step(layout, place, 1);
    case "up":
      return moveRows(layout, place, -1);
    case "down":
      return moveRows(layout, place, 1);
    case "page-up":
      return moveRows(layout, place, -Math.max(1, pageRows));
    case "page-down":
      return moveRows(layout, place, Math.max(1, pageRows));
    case "row-start":
      return { group: place.group, index: place.index - (place.index % layout.columns) };
    case "row-end":
      return rowEnd(layout, place);
    case "first":
      return firstFrom(layout, 0, 1) ?? place;
    case "last":
      return firstFrom(layout, layout.groups.length - 1, -1) ?? place;
  }
}

/** Number of the group that covers `top`, by bisection; the last one below the end. */
function groupAt(layout: GridLayout, top: number): number {
  let low = 0;
  let high = layout.groups.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((layout.groups[middle] as PlacedGroup).top <= top) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

function rowsOfGroup(layout: GridLayout, group: PlacedGroup, top: number, bottom: number) {
  const { cell, gap, heading } = layout.measures;
  const content = group.top + heading;
  const pitch = cell + gap;
  const first = clamp(Math.floor((top - content) / pitch), 0, group.rows);
  return { first, end: clamp(Math.ceil((bottom - content) / pitch), first, group.rows) };
}

function step(layout: GridLayout, place: Place, by: 1 | -1): Place {
  const index = place.index + by;
  const count = layout.groups[place.group]?.count ?? 0;
  if (0 <= index && index < count) return { group: place.group, index };
  return firstFrom(layout, place.group + by, by) ?? place;
}

/** Go up or down by rows, over headings, keeping the column; short rows give their last image. */
function moveRows(layout: GridLayout, place: Place, by: number): Place {
  const column = place.index % layout.columns;
  let group = place.group;
  let row = Math.floor(place.index / layout.columns) + by;
  while (row < 0 && 0 < group) {
    group -= 1;
    row += (layout.groups[group] as PlacedGroup).rows;
  }
  while (group < layout.groups.length - 1 && (layout.groups[group] as PlacedGroup).rows <= row) {
    row -= (layout.groups[group] as PlacedGroup).rows;
    group += 1;
  }
  const { rows = 0, count = 0 } = layout.groups[group] ?? {};
  if (rows === 0) return place;
  const inRow = clamp(row, 0, rows - 1) * layout.columns;
  return { group, index: Math.min(inRow + column, count - 1) };
}

function rowEnd(layout: GridLayout, place: Place): Place {
  const count = layout.groups[place.group]?.count ?? 0;
  const start = place.index - (place.index % layout.columns);
  return { group: place.group, index: Math.min(start + layout.columns, count) - 1 };
}

/** First image (or last, going backward) of the nearest group with images, from group `from` on. */
function firstFrom(layout: GridLayout, from: number, by: 1 | -1): Place | undefined {
  for (let group = from; 0 <= group && group < layout.groups.length; group += by) {
    const count = layout.groups[group]?.count ?? 0;
    if (0 < count) return { group, index: by === 1 ? 0 : count - 1 };
  }
  return undefined;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
