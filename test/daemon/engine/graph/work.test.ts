/** Multiplications of a graph: of each operation that has any, by hand. */
import { expect, test } from "vitest";
import { input } from "../../../../daemon/engine/graph/value.ts";
import { multiplications } from "../../../../daemon/engine/graph/work.ts";
import { attention } from "../../../../daemon/engine/ops/attention.ts";
import { conv2d, convTranspose2d } from "../../../../daemon/engine/ops/convolution.ts";
import { add } from "../../../../daemon/engine/ops/elementwise.ts";
import { linear, matmul } from "../../../../daemon/engine/ops/matmul.ts";

const value = (...shape: number[]) => input(shape.join(), shape);

test.each([
  ["linear", linear(value(2, 3, 5), value(7, 5)), 2 * 3 * 5 * 7],
  ["matmul", matmul(value(2, 3, 5), value(2, 5, 7)), 2 * 3 * 5 * 7],
  ["conv2d", conv2d(value(2, 3, 6, 6), value(4, 3, 3, 3), undefined), 2 * 4 * 16 * 27],
  ["convTranspose2d", convTranspose2d(value(2, 4, 4, 4), value(4, 3, 3, 3)), 2 * 4 * 16 * 27],
  ["attention", attention(value(2, 3, 5, 4), value(2, 3, 7, 4), value(2, 3, 7, 6), 1), 2 * 3 * 5 * 7 * (4 + 6)],
  ["what is done element by element", add(value(2, 3), value(2, 3)), 0],
])("%s", (_, result, wanted) => {
  expect(multiplications([result])).toBe(wanted);
});
