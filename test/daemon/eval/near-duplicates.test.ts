/** Pictures that are nearly one: found where planted, and not where different pictures are as near as usual. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { nearestEarlier, nearestRows, samePictureCosine } from "../../../daemon/eval/near-duplicates.ts";
import { finished } from "../../support/finished.ts";

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
    expect(finished(nearestRows([copy], rows))).toEqual([{ index: 17, cosine: expect.closeTo(1, 5) }]);
    expect(finished(nearestRows([copy], []))).toEqual([undefined]);
  });

  it("among earlier ones is before it", () => {
    const found = finished(nearestEarlier([rows[0]!, rows[1]!, rows[0]!]));
    expect(found.map((nearest) => nearest?.index)).toEqual([undefined, 0, 0]);
  });
});

describe("the cosine of one picture", () => {
  it.each([1, 0.1, 0.01])("tells new pictures of spread %s from photos, and a copy from new pictures", (spread) => {
    const photos = around(60, spread, "photos");
    const threshold = finished(samePictureCosine(photos));
    const others = finished(nearestRows(around(200, spread, "others"), photos));
    expect(others.filter((each) => threshold <= each!.cosine)).toEqual([]);
    const copies = photos.map((row, index) => unit(row.map((value, at) => value + 0.02 * spread * ((at + index) % 3))));
    const found = finished(nearestRows(copies, photos)).filter((each) => threshold <= each!.cosine);
    expect(found.length).toBeGreaterThan(55);
  });

  it("is 0.98 where nothing is known, and never below", () => {
    expect(finished(samePictureCosine([]))).toBe(0.98);
    expect(finished(samePictureCosine(around(1, 1, "one")))).toBe(0.98);
    expect(finished(samePictureCosine(around(40, 5, "far")))).toBe(0.98);
  });

  it("is what it was where a few photos have near copies among them", () => {
    const photos = around(30, 0.1, "photos");
    const near = photos.slice(0, 2).map((row) => unit(row.map((value, at) => value + 1e-4 * (at % 3))));
    const threshold = finished(samePictureCosine(photos));
    expect(threshold).toBeLessThan(0.9999);
    expect(finished(samePictureCosine([...photos, ...near]))).toBeCloseTo(threshold, 3);
  });

  it("still knows a picture itself where the photos are one another's copies", () => {
    const [row] = around(1, 1, "one");
    const threshold = finished(samePictureCosine([row!, row!, row!]));
    expect(threshold).toBeCloseTo(1, 5);
    expect(finished(nearestRows([row!], [row!]))[0]!.cosine).toBeGreaterThanOrEqual(threshold);
  });
});
