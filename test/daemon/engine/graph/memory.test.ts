/** The forecast of memory: values live from where they are made to where they are last used. */
import { expect, test } from "vitest";
import { peakBytes } from "../../../../daemon/engine/graph/memory.ts";
import { input } from "../../../../daemon/engine/graph/value.ts";
import { add, exp, mul } from "../../../../daemon/engine/ops/elementwise.ts";
import { reshape } from "../../../../daemon/engine/ops/movement.ts";

const x = input("x", [10]);
const bytes = 40;

test.each([
  ["a chain needs an input and an output", exp(exp(exp(mul(x, 2)))), 2],
  ["a value used again at the end stays", add(exp(exp(mul(x, 2))), mul(x, 2)), 3],
  ["a reshape takes nothing", reshape(mul(x, 2), [5, 2]), 1],
])("%s", (_, value, alive) => {
  expect(peakBytes([value])).toBe(alive * bytes);
});
