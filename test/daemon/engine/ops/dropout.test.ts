/** Dropout: how often, how independently, and the same again for the same numbers. */
import { expect, test } from "vitest";
import { randomStream } from "../../../../daemon/base/random.ts";
import { float32 } from "../../../../daemon/engine/graph/tensor.ts";
import { constant, input } from "../../../../daemon/engine/graph/value.ts";
import { dropout } from "../../../../daemon/engine/ops/dropout.ts";
import { runGraph } from "../../../support/run-graph.ts";

const [rows, columns, rate] = [60, 50, 0.1];
const ones = constant(new Float32Array(rows * columns).fill(1), [rows, columns], "f32");

async function mask(name: string): Promise<Float32Array> {
  const rng = randomStream("dropout", name);
  const uniform = (count: number) => Float32Array.from({ length: count }, () => rng.uniform());
  const y = dropout(ones, input("left", [rows, 1]), input("right", [columns]), rate);
  const feeds = { left: float32(uniform(rows), [rows, 1]), right: float32(uniform(columns), [columns]) };
  return (await runGraph({ y }, feeds)).y!.data as Float32Array;
}

test("drops a tenth, leaves the rest as it is, and rows and columns are alike to nobody", async () => {
  const masks = await Promise.all(Array.from({ length: 20 }, (_, index) => mask(String(index))));
  const all = masks.flatMap((values) => [...values]);
  expect(new Set(all)).toEqual(new Set([0, 1]));
  const dropped = (values: readonly number[]) => values.filter((value) => value === 0).length / values.length;
  expect(dropped(all)).toBeCloseTo(rate, 1);
  // Two neighbors are dropped together as often as independence says: 1 in 100.
  const pairs = (step: number) => all.filter((value, index) => value === 0 && all[index + step] === 0).length;
  for (const step of [1, columns]) expect(pairs(step) / all.length).toBeLessThan(0.02);
});

test("the same numbers drop the same elements", async () => {
  expect(await mask("a")).toEqual(await mask("a"));
  expect(await mask("a")).not.toEqual(await mask("b"));
});

test("rate 0 is the value itself", () => {
  expect(dropout(ones, ones, ones, 0)).toBe(ones);
});
