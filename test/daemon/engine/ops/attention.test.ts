/** Large attention: the runtime's own operation, and for the gradient maps that are computed again, with the same result and less memory. */
import { expect, test } from "vitest";
import { randomStream } from "../../../../daemon/base/random.ts";
import { gradients } from "../../../../daemon/engine/autodiff/vjp.ts";
import { peakBytes } from "../../../../daemon/engine/graph/memory.ts";
import { sizeOf } from "../../../../daemon/engine/graph/shape.ts";
import { float32 } from "../../../../daemon/engine/graph/tensor.ts";
import { input, type Value } from "../../../../daemon/engine/graph/value.ts";
import { toModel } from "../../../../daemon/engine/onnx/to-model.ts";
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

test("the gradient above 1024 x 1024", async () => {
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

test("the CPU's own operation, with several heads and rows, other keys than queries, and a factor", async () => {
  const shapes = { q: [2, 3, 1100, 4], k: [2, 3, 1000, 4], v: [2, 3, 1000, 5] };
  const [q, k, v] = Object.entries(shapes).map(([name, size]) => input(name, size)) as [Value, Value, Value];
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, size]) => [name, float32(randomStream(name).normals(sizeOf(size)), size)]),
  );
  const own = attention(q, k, v, 0.5);
  expect(toModel({ own }, { ownAttention: true }).opTypes).toContain("com.microsoft:MultiHeadAttention");
  expect(toModel({ own }).opTypes).not.toContain("com.microsoft:MultiHeadAttention");
  const found = await runGraph({ own, plain: plainAttention([q, k, v]) }, feeds);
  const [ownData, plainData] = [found.own!.data as Float32Array, found.plain!.data as Float32Array];
  expect(found.own!.shape).toEqual([2, 3, 1100, 5]);
  expect(relativeError(ownData, plainData)).toBeLessThan(1e-5);
  const scores = 4 * 2 * 3 * 1100 * 1000;
  expect(peakBytes([own]) - peakBytes([own], { ownAttention: true })).toBe(2 * scores);
});

test("with a mask it is computed by single operations", () => {
  const [q, k, v] = names.map((name) => input(name, shape)) as [Value, Value, Value];
  const masked = attention(q, k, v, 0.5, input("mask", [1, 1, 1100, 1100]));
  expect(toModel({ masked }, { ownAttention: true }).opTypes).toContain("Softmax");
});
