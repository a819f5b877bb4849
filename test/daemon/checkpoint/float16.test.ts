/** Half-precision conversions, against hand-computed patterns and exhaustively. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from "../../../daemon/checkpoint/float16.ts";

describe("float16", () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])("0x%s means %s, both ways", (bits, value) => {
    expect(float16ToFloat32(Uint16Array.of(bits))[0]).toBe(value);
    expect(float32ToFloat16(Float32Array.of(value))[0]).toBe(bits);
  });

  it.each([
    ["tie to even, down", 1 + 2 ** -11, 0x3c00],
    ["tie to even, up", 1 + 3 * 2 ** -11, 0x3c02],
    ["just above a tie", 1 + 2 ** -11 + 2 ** -20, 0x3c01],
    ["a fraction that carries into the exponent", 2 - 2 ** -12, 0x4000],
    ["the largest value that stays finite", 65519, 0x7bff],
    ["the smallest that becomes infinite", 65520, 0x7c00],
    ["subnormal tie to zero", 2 ** -25, 0x0000],
    ["just above that tie", 2 ** -25 + 2 ** -40, 0x0001],
    ["subnormal tie up to even", 3 * 2 ** -25, 0x0002],
    ["subnormal that rounds to the smallest normal", 2 ** -14 - 2 ** -26, 0x0400],
    ["far below", 1e-30, 0x0000],
    ["negative far below", -1e-30, 0x8000],
  ])("rounds: %s", (_, value, bits) => {
    expect(float32ToFloat16(Float32Array.of(value))[0]).toBe(bits);
  });

  it("survives the way through float32 for every bit pattern", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const back = float32ToFloat16(float16ToFloat32(all));
    const isNan = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    expect(all.every((bits, index) => (isNan(bits) ? isNan(back[index] as number) : back[index] === bits))).toBe(true);
  });

  it("rounds to the nearest neighbor", () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = float32ToFloat16(Float32Array.of(value))[0] as number;
        const error = (candidate: number) =>
          Math.abs((float16ToFloat32(Uint16Array.of(candidate))[0] as number) - value);
        const neighbors = [bits - 1, bits + 1].filter((other) => 0 <= other && (other & 0x7fff) < 0x7c00);
        return neighbors.every((other) => error(bits) <= error(other));
      }),
    );
  });
});

describe("bfloat16", () => {
  it("is the upper half of a float32", () => {
    const values = bfloat16ToFloat32(Uint16Array.of(0x3f80, 0xc040, 0x0000, 0x7f80, 0x3eab));
    expect([...values]).toEqual([1, -3, 0, Number.POSITIVE_INFINITY, 0.333984375]);
  });
});
