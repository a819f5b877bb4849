/**
 * A large picture in overlapping square tiles: cut, computed one by one, and joined with blended seams. The recipe is
 * that of `enable_tiling` of diffusers 0.42's AutoencoderKL: a quarter of a tile overlaps the next one, and over that
 * quarter one fades linearly into the other.
 */

/** Values of a picture or of latents: [channels, height, width], flat. */
export type Planes = {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
};

/** Sides of a tile, in what is cut and in what is joined; both are multiples of 4. */
export type TileSizes = { readonly cut: number; readonly joined: number };

/** A part of one side. */
export type Span = { readonly start: number; readonly length: number };

/** Where tiles lie along a side: each begins three quarters of a tile after the one before; the last ones may be shorter. */
export function tileSpans(length: number, tile: number): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < length; start += (tile / 4) * 3) {
    spans.push({ start, length: Math.min(tile, length - start) });
  }
  return spans;
}

/**
 * What `compute` makes of each tile of `whole`, joined. Tiles of the same shape come one after the other.
 * @param compute must return `sizes.joined / sizes.cut` times the height and width that it is given
 */
export async function computeInTiles(
  whole: Planes,
  sizes: TileSizes,
  compute: (tile: Planes) => Promise<Planes>,
): Promise<Planes> {
  const rows = tileSpans(whole.height, sizes.cut);
  const columns = tileSpans(whole.width, sizes.cut);
  const tiles = rows.map((row) => columns.map((column) => ({ row, column })));
  const shapeOf = ({ row, column }: { readonly row: Span; readonly column: Span }) => `${row.length}x${column.length}`;
  const shapes = new Set(tiles.flat().map(shapeOf));
  const done = new Map<object, Planes>();
  for (const shape of shapes) {
    for (const tile of tiles.flat()) {
      if (shapeOf(tile) === shape) done.set(tile, await compute(cutTile(whole, tile.row, tile.column)));
    }
  }
  const scale = sizes.joined / sizes.cut;
  const size = { height: whole.height * scale, width: whole.width * scale };
  return joinTiles(
    tiles.map((row) => row.map((tile) => done.get(tile)!)),
    sizes.joined,
    size,
  );
}

/** The part of planes where two spans meet. */
export function cutTile({ channels, height, width, values }: Planes, rows: Span, columns: Span): Planes {
  const tile = new Float32Array(channels * rows.length * columns.length);
  for (let line = 0; line < channels * rows.length; line += 1) {
    const channel = Math.floor(line / rows.length);
    const from = (channel * height + rows.start + (line % rows.length)) * width + columns.start;
    tile.set(values.subarray(from, from + columns.length), line * columns.length);
  }
  return { channels, height: rows.length, width: columns.length, values: tile };
}

/**
 * Rows of tiles as one picture. Each tile fades in over a quarter of `tile` from the blended one above it, then from the
 * blended one on its left; of what comes out, three quarters are taken.
 */
export function joinTiles(
  rows: readonly (readonly Planes[])[],
  tile: number,
  { height, width }: Pick<Planes, "height" | "width">,
): Planes {
  const { channels } = rows[0]![0]!;
  const joined: Planes = { channels, height, width, values: new Float32Array(channels * height * width) };
  const extent = tile / 4;
  const blended: Planes[][] = [];
  for (const [i, row] of rows.entries()) {
    blended.push([]);
    for (const [j, original] of row.entries()) {
      const own = { ...original, values: original.values.slice() };
      if (0 < i) fadeDown(blended[i - 1]![j]!, own, extent);
      if (0 < j) fadeRight(blended[i]![j - 1]!, own, extent);
      blended[i]!.push(own);
      paste(joined, own, { top: i * 3 * extent, left: j * 3 * extent, limit: 3 * extent });
    }
  }
  return joined;
}

/** The first rows of `below` fade in from the last rows of `above`. */
function fadeDown(above: Planes, below: Planes, extent: number): void {
  const count = Math.min(above.height, below.height, extent);
  for (let channel = 0; channel < below.channels; channel += 1) {
    for (let y = 0; y < count; y += 1) {
      const from = (channel * above.height + above.height - count + y) * above.width;
      const to = (channel * below.height + y) * below.width;
      for (let x = 0; x < below.width; x += 1) fade(above.values, from + x, below.values, to + x, y / count);
    }
  }
}

/** The first columns of `right` fade in from the last columns of `left`. */
function fadeRight(left: Planes, right: Planes, extent: number): void {
  const count = Math.min(left.width, right.width, extent);
  for (let line = 0; line < right.channels * right.height; line += 1) {
    const from = (line + 1) * left.width - count;
    const to = line * right.width;
    for (let x = 0; x < count; x += 1) fade(left.values, from + x, right.values, to + x, x / count);
  }
}

function fade(from: Float32Array, source: number, to: Float32Array, target: number, share: number): void {
  to[target] = from[source]! * (1 - share) + to[target]! * share;
}

/** Copy at most `limit` rows and columns of a tile to their place. */
function paste(
  whole: Planes,
  tile: Planes,
  { top, left, limit }: { readonly top: number; readonly left: number; readonly limit: number },
): void {
  const columns = Math.min(limit, tile.width, whole.width - left);
  const rows = Math.min(limit, tile.height, whole.height - top);
  for (let channel = 0; channel < tile.channels; channel += 1) {
    for (let y = 0; y < rows; y += 1) {
      const from = (channel * tile.height + y) * tile.width;
      const to = (channel * whole.height + top + y) * whole.width + left;
      whole.values.set(tile.values.subarray(from, from + columns), to);
    }
  }
}
