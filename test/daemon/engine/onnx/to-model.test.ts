/** From graphs to ONNX models: weights stay in their file, names are unique, dead values are left out. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LoftError } from "../../../../daemon/base/errors.ts";
import { printGraph } from "../../../../daemon/engine/graph/print.ts";
import { float32 } from "../../../../daemon/engine/graph/tensor.ts";
import { constant, input, weight } from "../../../../daemon/engine/graph/value.ts";
import { toModel } from "../../../../daemon/engine/onnx/to-model.ts";
import { add, mul } from "../../../../daemon/engine/ops/elementwise.ts";
import { matmul } from "../../../../daemon/engine/ops/matmul.ts";
import { reshape } from "../../../../daemon/engine/ops/movement.ts";
import { runGraph } from "../../../support/run-graph.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const size = 64;

test("weights are read from where they lie, at any offset", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "weights.bin");
  const numbers = Float32Array.from({ length: size * size }, (_, index) => Math.sin(index));
  await writeFile(file, Buffer.concat([Buffer.alloc(123), Buffer.from(numbers.buffer)]));
  const stored = weight({
    name: "w",
    file,
    offset: 123,
    byteLength: numbers.byteLength,
    type: { shape: [size, size], dtype: "f32" },
  });
  const held = constant(numbers, [size, size], "f32");
  const x = input("x", [2, size]);
  const model = toModel({ y: matmul(x, stored) });
  expect(model.bytes.length).toBeLessThan(1000);
  expect(model.weightsFolder).toBe(folder);
  expect(model.weightBytes).toBe(numbers.byteLength);
  const feeds = {
    x: float32(
      Float32Array.from({ length: 2 * size }, (_, index) => index / 100),
      [2, size],
    ),
  };
  const results = await runGraph({ fromFile: matmul(x, stored), fromMemory: matmul(x, held) }, feeds);
  expect(results.fromFile!.data).toEqual(results.fromMemory!.data);
});

test("what no output reaches is left out", () => {
  const x = input("x", [2]);
  mul(x, 3);
  expect(toModel({ y: add(x, 1) }).opTypes).toEqual(["Add", "Identity"]);
});

test("of several reshapes the last is made, once, and none where they lead back", async () => {
  const x = input("x", [2, 6]);
  const [cube, line] = [reshape(reshape(x, [12]), [3, 2, 2]), reshape(x, [12])];
  const model = toModel({ y: add(cube, reshape(line, [3, 2, 2])), back: mul(reshape(line, [2, 6]), 2) });
  // One reshape, the sum, the product, and one Identity for each output.
  expect(model.nodeCount).toBe(5);
  const numbers = Float32Array.from({ length: 12 }, (_, index) => index);
  const { y, back } = await runGraph(
    { y: add(cube, reshape(line, [3, 2, 2])), back: mul(reshape(line, [2, 6]), 2) },
    { x: float32(numbers, [2, 6]) },
  );
  expect(y).toEqual(
    float32(
      numbers.map((value) => 2 * value),
      [3, 2, 2],
    ),
  );
  expect(back).toEqual(
    float32(
      numbers.map((value) => 2 * value),
      [2, 6],
    ),
  );
});

test("a graph prints one operation a line", () => {
  const x = input("x", [2, 3]);
  expect(printGraph([matmul(mul(x, 2), input("w", [3, 4]))])).toBe(
    "%0 = mul(x, 2) [2, 3]\n%1 = matmul(%0, w, transposeLeft=false, transposeRight=false) [2, 4]",
  );
});

test("two inputs of one name are refused", () => {
  expect(() => toModel({ y: add(input("x", [2]), input("x", [2])) })).toThrow(LoftError);
});

test("weights in several folders are named from the folder above them", async () => {
  const folder = await temporaryFolder();
  const stored = async (name: string, numbers: Float32Array) => {
    await mkdir(join(folder, name));
    const file = join(folder, name, "w.bin");
    await writeFile(file, Buffer.from(numbers.buffer));
    return weight({ name, file, offset: 0, byteLength: 8, type: { shape: [2], dtype: "f32" } });
  };
  const sum = add(await stored("one", Float32Array.of(1, 2)), await stored("two", Float32Array.of(10, 20)));
  expect(toModel({ sum }).weightsFolder).toBe(folder);
  expect((await runGraph({ sum }, {})).sum!.data).toEqual(Float32Array.of(11, 22));
});
