/** Large attention maps are computed again for the gradient, with the same result and less memory. */
import { expect, test } from "vitest";
import { randomStream } from "../../../../daemon/base/random.ts";
import { gradients } from "../../../../daemon/engine/autodiff/vjp.ts";
import { peakBytes } from "../../../../daemon/engine/graph/memory.ts";
import { float32 } from "../../../../daemon/engine/graph/tensor.ts";
import { input, type Value } from "../../../../daemon/engine/graph/value.ts";
import { softmax } from "../../../../daemon/engine/ops/activation.ts";
import { attention } from "../../../../daemon/engine/ops/attention.ts";
import { mul } from "../../../../daemon/engine/ops/elementwise.ts";
import { matmul } from "../../../../daemon/engine/ops/matmul.ts";
import { relativeError } from "../../../support/reference.ts";
import { runGraph } from "../../../support/run-graph.ts";

const shape = [1, 1, 1100, 4];
const names = ["q", "k", "v"];

/** The same by single operations, which keep everything. */
function plainAttention([q, k, v]: readonly Value[]): Value {
  return matmul(softmax(mul(matmul(q!, k!, { transposeRight: true }), 0.5), -1), v!);
}

test("above 1024 x 1024", async () => {
  const inputs = names.map((name) => input(name, shape));
  const feeds = Object.fromEntries(names.map((name) => [name, float32(randomStream(name).normals(4400), shape)]));
  const named = (y: Value) =>
    Object.fromEntries(gradients(mul(y, y), inputs).map((value, index) => [`d${names[index]}`, value]));
  const [own, plain] = [named(attention(inputs[0]!, inputs[1]!, inputs[2]!, 0.5)), named(plainAttention(inputs))];
  const [found, wanted] = [await runGraph(own, feeds), await runGraph(plain, feeds)];
  for (const name of names) {
    expect(
      relativeError(found[`d${name}`]!.data as Float32Array, wanted[`d${name}`]!.data as Float32Array),
    ).toBeLessThan(1e-5);
  }
  expect(peakBytes(Object.values(own))).toBeLessThan(peakBytes(Object.values(plain)));
});
