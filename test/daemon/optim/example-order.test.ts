/** Steps walk through epochs without leaving out or repeating an example. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { examplesOfStep } from "../../../daemon/optim/example-order.ts";

const stream = [7, "adapter", "abc"];

/** The examples of the first steps, one after the other. */
function walk(exampleCount: number, count: number, steps: number, from: readonly (string | number)[] = stream) {
  return Array.from({ length: steps }, (_, step) => examplesOfStep(from, exampleCount, { step, count })).flat();
}

test("every epoch holds every example once, whatever a step takes", () => {
  const sizes = fc.record({ examples: fc.integer({ min: 1, max: 20 }), count: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(sizes, ({ examples, count }) => {
      const epochs = 3;
      const places = walk(examples, count, Math.ceil((epochs * examples) / count));
      const all = Array.from({ length: examples }, (_, index) => index);
      for (let epoch = 0; epoch < epochs; epoch += 1) {
        const taken = places.slice(epoch * examples, (epoch + 1) * examples).map(({ example }) => example);
        expect(taken.toSorted((left, right) => left - right)).toEqual(all);
      }
      expect(places.map(({ position }) => position)).toEqual(places.map((_, index) => index));
    }),
  );
});

test("orders differ between epochs and between streams", () => {
  const order = (epoch: number, from = stream) =>
    walk(12, 12, epoch + 1, from)
      .slice(epoch * 12)
      .map(({ example }) => example);
  expect(order(0)).not.toEqual(order(1));
  expect(order(0)).not.toEqual(order(0, [8, "adapter", "abc"]));
});

test("a step's examples do not depend on the steps before it", () => {
  const all = walk(5, 3, 9);
  expect(examplesOfStep(stream, 5, { step: 7, count: 3 })).toEqual(all.slice(21, 24));
});
