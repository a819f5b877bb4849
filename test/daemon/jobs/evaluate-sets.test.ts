/** The quality of sets: copies and duplicates that were planted are found, in sets too large to compare all pairs, too. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { setFacts } from "../../../daemon/jobs/evaluate-sets.ts";
import { loftErrorOf } from "../../support/loft-error.ts";

/** A picture whose features are named by its content. */
function picture(name: string, label: number, sha256 = name) {
  return { name, file: name, sha256, label, parents: [] };
}

/** Features of length 1, the same for the same content. */
const look = {
  features: async (pictures: readonly { readonly sha256: string }[]) =>
    pictures.map(({ sha256 }) => {
      const row = randomStream("content", sha256).normals(16);
      return row.map((value) => value / Math.hypot(...row));
    }),
  zeroShot: async (rows: readonly Float32Array[]) => rows.map(() => Float32Array.of(0.75, 0.25)),
};

const photos = Array.from({ length: 12 }, (_, index) => picture(`photo ${index}`, index % 2));
const plain = Array.from({ length: 40 }, (_, index) => picture(`image ${index}`, index % 2));
const planted = [picture("copy", 0, "photo 4"), picture("again", 0, "image 6"), picture("other class", 1, "image 8")];
const set = { method: "loft", images: [...plain, ...planted] } as const;

const { signal } = new AbortController();

describe("what is found out of a set", () => {
  it("names planted copies and duplicates, and what rules ask of each image", async () => {
    const { quality, images } = await setFacts(look, photos, set, { signal });
    expect(quality.copies.images).toEqual([{ file: "copy", photo: "photo 4", cosine: expect.closeTo(1, 5) }]);
    expect(quality.duplicates!.groups).toEqual([
      ["image 6", "again"],
      ["image 8", "other class"],
    ]);
    expect(quality).toMatchObject({ images: 43, labelAgreement: 21 / 43 + 1 / 43 });
    expect(images[41]).toEqual({
      ownProbability: 0.75,
      photoCosine: expect.any(Number),
      earlierCosine: expect.closeTo(1, 5),
    });
    // The rule looks within the class.
    expect(images[42]!.earlierCosine).toBeLessThan(0.98);
    expect(images.slice(0, 2).map(({ earlierCosine }) => earlierCosine)).toEqual([null, null]);
  });

  it("compares a part of the pairs of a large set: copies are found all the same, duplicates within classes", async () => {
    const [whole, part] = [
      await setFacts(look, photos, set, { signal }),
      await setFacts(look, photos, set, { signal, most: 20 }),
    ];
    expect(part.quality.duplicates!.groups).toEqual([["image 6", "again"]]);
    expect(part.images).toEqual(whole.images);
    const { copies, diversity, images, labelAgreement } = whole.quality;
    expect(part.quality).toMatchObject({ copies, diversity, images, labelAgreement });
    expect(part.quality.frechetDistance).toBeGreaterThan(whole.quality.frechetDistance!);
  });

  it("is left unfinished when it is asked to stop, and lets others have their turn meanwhile", async () => {
    const images = Array.from({ length: 3000 }, (_, index) => picture(`image ${index}`, index % 2));
    const stopping = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
      if (3 <= turns) stopping.abort();
    }, 1);
    const found = () => setFacts(look, photos, { ...set, images }, { signal: stopping.signal });
    await loftErrorOf(found, "interrupted").finally(() => clearInterval(timer));
    expect(turns).toBe(3);
  });
});
