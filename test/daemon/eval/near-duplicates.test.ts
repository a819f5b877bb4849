/** Pictures that are nearly one: found where planted, and not where different pictures are as near as usual. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { nearestEarlier, nearestRows, samePictureCosine } from "../../../daemon/eval/near-duplicates.ts";

const unit = (row: Float32Array) => row.map((value) => value / Math.hypot(...row));

/** Rows of length 1 around a common direction: the smaller the spread, the nearer they are to each other. */
function around(count: number, spread: number, name: string): Float32Array[] {
  const center = randomStream("center").normals(16);
  return Array.from({ length: count }, (_, index) => {
    const own = randomStream(name, index).normals(16);
    return unit(center.map((value, at) => value + spread * own[at]!));
  });
}

describe("the nearest", () => {
  const rows = around(30, 1, "rows");

  it("is a planted copy", () => {
    const copy = unit(rows[17]!.map((value, at) => value + (at === 0 ? 0.001 : 0)));
    expect(nearestRows([copy], rows)).toEqual([{ index: 17, cosine: expect.closeTo(1, 5) }]);
    expect(nearestRows([copy], [])).toEqual([undefined]);
  });

  it("among earlier ones is one that may be compared", () => {
    const found = nearestEarlier([rows[0]!, rows[0]!, rows[0]!], (index, other) => index % 2 === other % 2);
    expect(found).toEqual([undefined, undefined, { index: 0, cosine: expect.closeTo(1, 6) }]);
  });
});

describe("the cosine of one picture", () => {
  it.each([1, 0.1, 0.01])("tells new pictures of spread %s from photos, and a copy from new pictures", (spread) => {
    const photos = around(60, spread, "photos");
    const threshold = samePictureCosine(photos);
    const others = nearestRows(around(200, spread, "others"), photos);
    expect(others.filter((each) => threshold <= each!.cosine)).toEqual([]);
    const copies = photos.map((row, index) => unit(row.map((value, at) => value + 0.02 * spread * ((at + index) % 3))));
    const found = nearestRows(copies, photos).filter((each) => threshold <= each!.cosine);
    expect(found.length).toBeGreaterThan(55);
  });

  it("is 0.98 where nothing is known, and never below", () => {
    expect(samePictureCosine([])).toBe(0.98);
    expect(samePictureCosine(around(1, 1, "one"))).toBe(0.98);
    expect(samePictureCosine(around(40, 5, "far"))).toBe(0.98);
  });

  it("is 1 where the photos are one another's copies", () => {
    const [row] = around(1, 1, "one");
    expect(samePictureCosine([row!, row!, row!])).toBeCloseTo(1, 6);
  });
});
