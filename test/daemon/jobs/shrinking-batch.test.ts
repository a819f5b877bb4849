/** The policy: halves after each lack of memory, keeps the size, gives up at one. */
import { expect, test } from "vitest";
import { loftError } from "../../../daemon/base/errors.ts";
import { shrinkingBatch, shrunkWarning } from "../../../daemon/jobs/shrinking-batch.ts";
import { loftErrorOf } from "../../support/loft-error.ts";

const outOfMemory = () => loftError("out-of-memory", { what: "Memory ran out.", fix: "Smaller." });

/** Parts that were worked on where at most `room` items fit, and the halvings on the way. */
async function parts(room: number, start: number, counts: readonly number[]) {
  const shrunk: (readonly [number, number])[] = [];
  const batch = shrinkingBatch(start, (...sizes) => shrunk.push(sizes));
  const worked: string[][] = [];
  for (const count of counts) {
    const items = Array.from({ length: count }, (_, index) => `${count}.${index}`);
    await batch.run(items, async (part) => {
      if (room < part.length) throw outOfMemory();
      worked.push([...part]);
    });
  }
  return { shrunk, worked, size: batch.size() };
}

test.each([
  { room: 9, start: 4, counts: [4, 2], sizes: [4, 2], shrunk: [], size: 4 },
  { room: 2, start: 5, counts: [5, 5], sizes: [2, 2, 1, 2, 2, 1], shrunk: [[5, 2]], size: 2 },
  { room: 1, start: 16, counts: [3], sizes: [1, 1, 1], shrunk: [[3, 1]], size: 1 },
  {
    room: 3,
    start: 16,
    counts: [16, 7],
    sizes: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1],
    shrunk: [
      [16, 8],
      [8, 4],
      [4, 2],
    ],
    size: 2,
  },
])("room for $room, begun with $start", async ({ room, start, counts, ...wanted }) => {
  const { worked, shrunk, size } = await parts(room, start, counts);
  expect({ sizes: worked.map(({ length }) => length), shrunk, size }).toEqual(wanted);
  const all = counts.flatMap((count) => Array.from({ length: count }, (_, index) => `${count}.${index}`));
  expect(worked.flat()).toEqual(all);
});

test("one item that does not fit is the end, with other advice", async () => {
  const error = await loftErrorOf(() => parts(0, 4, [4]), "out-of-memory");
  expect(error.what).toContain("one at a time");
  expect(error.fix).toContain("training.resolution");
  expect(error.fix).not.toContain("batchSize");
});

test("an array that cannot be had is a lack of memory, too", async () => {
  const shrunk: (readonly [number, number])[] = [];
  const batch = shrinkingBatch(4, (...sizes) => shrunk.push(sizes));
  await batch.run([1, 2, 3, 4], async (part) => {
    if (2 < part.length) new ArrayBuffer(2 ** 50);
  });
  expect(shrunk).toEqual([[4, 2]]);
});

test("other errors are no reason to go on", async () => {
  const failing = shrinkingBatch(4, () => expect.unreachable());
  await expect(
    failing.run([1, 2], async () => {
      throw new Error("broken");
    }),
  ).rejects.toThrow("broken");
  expect(failing.size()).toBe(4);
});

test("the warning names the field and its new value", () => {
  expect(shrunkWarning("training", 16, 8)).toMatchObject({
    type: "warning",
    what: expect.stringContaining("16 adapters at once; going on with 8"),
    fix: expect.stringContaining("training.batchSize to 8"),
  });
});
