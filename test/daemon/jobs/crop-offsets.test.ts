/** Random crops of a photo: at most eight, spread over it, the same in every run. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { cropOffsets, cropsPerPhoto } from "../../../daemon/jobs/crop-offsets.ts";

test("a square photo has one crop", () => expect(cropOffsets("photo", 0)).toEqual([0]));

test("different places inside the photo, one in each part of it", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 5000 }), (photo, range) => {
      const offsets = cropOffsets(photo, range);
      expect(offsets).toHaveLength(Math.min(cropsPerPhoto, range + 1));
      expect(offsets).toEqual(cropOffsets(photo, range));
      for (const [part, offset] of offsets.entries()) {
        expect(offset).toBeGreaterThanOrEqual(Math.floor((part * (range + 1)) / offsets.length));
        expect(offset).toBeLessThan(Math.floor(((part + 1) * (range + 1)) / offsets.length));
      }
    }),
  );
});

test("photos differ", () => expect(cropOffsets("a", 1000)).not.toEqual(cropOffsets("b", 1000)));
