/** Plans of half a million images are planned for. */
import { expect, test } from "vitest";
import { largestFusion } from "../../../daemon/jobs/image-fusion.ts";

test("the largest fusion of a plan of any size", () => {
  const share = { adapterId: "a", weight: 1 };
  const images = Array.from({ length: 500_000 }, (_, index) => ({ fusion: Array(index === 7 ? 3 : 2).fill(share) }));
  expect(largestFusion(images)).toBe(3);
  expect(largestFusion([])).toBe(0);
});
