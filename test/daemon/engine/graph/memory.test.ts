/** The forecast of memory: values live from where they are made to where they are last used. */
import { expect, test } from "vitest";
import { type DType, dtypeBytes } from "../../../../daemon/engine/graph/dtype.ts";
import { peakBytes } from "../../../../daemon/engine/graph/memory.ts";
import { sizeOf } from "../../../../daemon/engine/graph/shape.ts";
import { input, weight } from "../../../../daemon/engine/graph/value.ts";
import { silu } from "../../../../daemon/engine/ops/activation.ts";
import { attention } from "../../../../daemon/engine/ops/attention.ts";
import { conv2d, convTranspose2d } from "../../../../daemon/engine/ops/convolution.ts";
import { add, exp, mul, sin } from "../../../../daemon/engine/ops/elementwise.ts";
import { linear } from "../../../../daemon/engine/ops/matmul.ts";
import { concat, reshape, transpose } from "../../../../daemon/engine/ops/movement.ts";
import { reduceSum } from "../../../../daemon/engine/ops/reduction.ts";

const x = input("x", [10]);
const y = mul(x, 2);
const gated = silu(y);
const bytes = 40;

/** Beside what is fed and what is fetched, a value each. */
test.each([
  ["elementwise operations write over their operand", exp(exp(exp(y))), 1],
  ["other operations need an input and an output", sin(sin(y)), 2],
  ["a value that is used again stays", add(exp(exp(y)), y), 2],
  ["outputs that nothing uses end at once: silu's gate", reduceSum(concat([gated, gated], 0), [0]), 3],
  ["a reshape takes nothing", reshape(y, [5, 2]), 1],
  ["and keeps what it looks at", add(sin(sin(reshape(y, [10]))), reshape(y, [10])), 3],
])("%s", (_, value, alive) => {
  expect(peakBytes([value])).toBe(bytes + 4 * sizeOf(value.shape) + alive * bytes);
});

test("attention holds scores beside probabilities, and only while it is computed", () => {
  const tokens = input("tokens", [1, 2, 6, 3]);
  const result = attention(tokens, tokens, tokens, 1);
  const map = 4 * 2 * 6 * 6;
  const io = 4 * 36;
  expect(peakBytes([result])).toBe(2 * io + io + 2 * map);
  expect(peakBytes([transpose(result, [0, 1, 3, 2])])).toBe(2 * io + io + 2 * map);
});

function stored(shape: readonly number[], dtype: DType) {
  const byteLength = sizeOf(shape) * dtypeBytes[dtype];
  return weight({ name: "w", file: "/none", offset: 0, byteLength, type: { shape, dtype } });
}

/** A 16-bit weight of n numbers: 2 n as it is, 4 n widened. */
test.each([
  ["linear", (dtype: DType) => linear(input("x", [1, 4]), stored([8, 4], dtype)), 32, 0],
  ["conv2d", (dtype: DType) => conv2d(input("x", [1, 4, 5, 5]), stored([2, 4, 1, 1], dtype), undefined), 8, 0],
  ["convTranspose2d", (dtype: DType) => convTranspose2d(input("x", [1, 4, 5, 5]), stored([4, 2, 1, 1], dtype)), 8, 200],
] as const)("%s widens its weight just before its use", (_, build, size, columns) => {
  const plain = peakBytes([build("f32")], { widenLate: true });
  expect(peakBytes([build("f16")], { widenLate: true })).toBe(plain + 6 * size);
  expect(peakBytes([build("f16")], { widenLate: false })).toBe(plain);
  const result = build("f32");
  const fed = result.shape.length === 2 ? 16 : 400;
  expect(plain).toBe(fed + 2 * 4 * sizeOf(result.shape) + columns);
});
