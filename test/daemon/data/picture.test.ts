/** Bytes to the model's range and back. */
import { expect, it } from "vitest";
import { toRgb8, toTensor } from "../../../daemon/data/picture.ts";

it("gives every byte back", () => {
  const rgb = Uint8Array.from({ length: 256 * 3 }, (_, index) => (index * 5) % 256);
  const picture = { width: 16, height: 16, rgb };
  expect(toRgb8(toTensor(picture))).toEqual(picture);
});

it("orders channel planes, top row first", () => {
  const { values } = toTensor({ width: 2, height: 1, rgb: Uint8Array.of(255, 0, 0, 0, 0, 255) });
  expect([...values]).toEqual([1, -1, -1, -1, -1, 1]);
});

it.each([
  [-1, 0],
  [1, 255],
  [-7, 0],
  [7, 255],
  [Number.NEGATIVE_INFINITY, 0],
  [Number.POSITIVE_INFINITY, 255],
  [0, 128], // 127.5: half to even, as NumPy rounds
  [-0.9921875, 1], // 0.99609375 rounds up
  [Number.NaN, 0],
])("rounds %d to %d as diffusers does", (value, byte) => {
  const { rgb } = toRgb8({ width: 1, height: 1, values: new Float32Array(3).fill(value) });
  expect([...rgb]).toEqual([byte, byte, byte]);
});

it("rounds halves to even", () => {
  // 2 * 0.5 / 255 - 1 is not a float32, so only halves that are exact in float32 count: here 127.5 from 0.
  const { rgb } = toRgb8({ width: 1, height: 1, values: Float32Array.of(0, 2 ** -9, -(2 ** -9)) });
  expect([...rgb]).toEqual([128, 128, 127]);
});

it("refuses values of another shape", () => {
  expect(() => toRgb8({ width: 2, height: 2, values: new Float32Array(3) })).toThrow("[3, 2, 2]");
});
