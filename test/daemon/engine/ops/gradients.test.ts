/** Every operation's gradient against central differences; an operation without a row fails. */
import { describe, expect, test } from "vitest";
import { LoftError } from "../../../../daemon/base/errors.ts";
import { gradients } from "../../../../daemon/engine/autodiff/vjp.ts";
import { type Shape, sizeOf } from "../../../../daemon/engine/graph/shape.ts";
import { constant, input, type Value } from "../../../../daemon/engine/graph/value.ts";
import { opNodesOf } from "../../../../daemon/engine/graph/walk.ts";
import * as activation from "../../../../daemon/engine/ops/activation.ts";
import { attention } from "../../../../daemon/engine/ops/attention.ts";
import { conv2d, convTranspose2d } from "../../../../daemon/engine/ops/convolution.ts";
import { dropout } from "../../../../daemon/engine/ops/dropout.ts";
import * as elementwise from "../../../../daemon/engine/ops/elementwise.ts";
import { cast, gather } from "../../../../daemon/engine/ops/indexing.ts";
import { crossEntropy, logSoftmax } from "../../../../daemon/engine/ops/log-softmax.ts";
import { linear, matmul } from "../../../../daemon/engine/ops/matmul.ts";
import * as movement from "../../../../daemon/engine/ops/movement.ts";
import { layerNorm, standardize } from "../../../../daemon/engine/ops/normalization.ts";
import { ops } from "../../../../daemon/engine/ops/ops.ts";
import { reduceMean, reduceSum } from "../../../../daemon/engine/ops/reduction.ts";
import { averagePool2x, upsampleNearest2x } from "../../../../daemon/engine/ops/resampling.ts";
import { type GradientCase, gradientError } from "../../../support/check-gradient.ts";

const { add, sub, mul, div, exp, sqrt, sin, cos } = elementwise;
const f32 = { dtype: "f32", tolerance: 2e-3 } as const;
const positive = [0.5, 3] as const;

const cases: readonly GradientCase[] = [
  {
    name: "add",
    inputs: [
      [2, 3],
      [2, 3],
    ],
    build: ([x, y]) => add(x!, y!),
  },
  {
    name: "add, broadcast",
    inputs: [
      [2, 1, 3],
      [4, 1],
    ],
    build: ([x, y]) => add(x!, y!),
  },
  { name: "sub, broadcast", inputs: [[3], [2, 3]], build: ([x, y]) => sub(x!, y!) },
  {
    name: "mul, broadcast",
    inputs: [
      [2, 3],
      [2, 1],
    ],
    build: ([x, y]) => mul(x!, y!),
  },
  { name: "mul, the same twice", inputs: [[3]], build: ([x]) => mul(x!, x!) },
  { name: "mul and add, rank 0", inputs: [[], [3]], build: ([x, y]) => add(mul(x!, y!), x!) },
  { name: "div, broadcast", inputs: [[2, 3], [3]], build: ([x, y]) => div(x!, y!), range: positive },
  { name: "exp", inputs: [[4]], build: ([x]) => exp(x!) },
  { name: "sqrt", inputs: [[4]], build: ([x]) => sqrt(x!), range: positive },
  { name: "sin", inputs: [[4]], build: ([x]) => sin(x!) },
  { name: "cos", inputs: [[4]], build: ([x]) => cos(x!) },
  { name: "relu", inputs: [[7]], build: ([x]) => activation.relu(x!) },
  { name: "sigmoid", inputs: [[5]], build: ([x]) => activation.sigmoid(x!) },
  { name: "silu", inputs: [[5]], build: ([x]) => activation.silu(x!) },
  { name: "quickGelu", inputs: [[5]], build: ([x]) => activation.quickGelu(x!) },
  { name: "erf", inputs: [[5]], build: ([x]) => activation.erf(x!), ...f32 },
  { name: "gelu", inputs: [[5]], build: ([x]) => activation.gelu(x!), ...f32 },
  { name: "softmax", inputs: [[2, 4]], build: ([x]) => activation.softmax(x!, -1) },
  { name: "softmax, first axis", inputs: [[3, 2]], build: ([x]) => activation.softmax(x!, 0) },
  { name: "softmax, rank 1", inputs: [[4]], build: ([x]) => activation.softmax(x!, 0) },
  {
    name: "matmul",
    inputs: [
      [2, 3],
      [3, 4],
    ],
    build: ([x, y]) => matmul(x!, y!),
  },
  {
    name: "matmul, batched",
    inputs: [
      [2, 2, 3],
      [3, 2],
    ],
    build: ([x, y]) => matmul(x!, y!),
  },
  {
    name: "matmul, both sides broadcast",
    inputs: [
      [2, 1, 1, 3],
      [3, 3, 2],
    ],
    build: ([x, y]) => matmul(x!, y!),
  },
  {
    name: "matmul, left transposed",
    inputs: [
      [3, 2],
      [3, 4],
    ],
    build: ([x, y]) => matmul(x!, y!, { transposeLeft: true }),
  },
  {
    name: "matmul, right transposed",
    inputs: [
      [2, 3],
      [4, 3],
    ],
    build: ([x, y]) => matmul(x!, y!, { transposeRight: true }),
  },
  {
    name: "matmul, both transposed",
    inputs: [
      [3, 2],
      [4, 3],
    ],
    build: ([x, y]) => matmul(x!, y!, { transposeLeft: true, transposeRight: true }),
  },
  { name: "linear", inputs: [[2, 2, 3], [4, 3], [4]], build: ([x, w, b]) => linear(x!, w!, b) },
  {
    name: "linear, plus rows",
    inputs: [
      [2, 2, 3],
      [4, 3],
      [2, 2, 4],
    ],
    build: ([x, w, rows]) => linear(x!, w!, rows),
  },
  {
    name: "linear, two of one input",
    inputs: [
      [2, 2, 3],
      [4, 3],
      [4, 3],
    ],
    build: ([x, first, second]) => mul(linear(x!, first!), linear(x!, second!)),
  },
  {
    name: "linear, not transposed",
    inputs: [
      [2, 3],
      [3, 4],
    ],
    build: ([x, w]) => linear(x!, w!, undefined, false),
  },
  {
    name: "conv2d",
    inputs: [[2, 2, 4, 3], [3, 2, 3, 3], [3]],
    build: ([x, w, b]) => conv2d(x!, w!, b, { padding: [1, 1, 1, 1] }),
    ...f32,
  },
  {
    name: "conv2d, stride 2",
    inputs: [
      [1, 2, 5, 4],
      [2, 2, 3, 3],
    ],
    build: ([x, w]) => conv2d(x!, w!, undefined, { stride: 2, padding: [1, 1, 1, 1] }),
    ...f32,
  },
  {
    name: "conv2d, stride 2, padded at the end only",
    inputs: [
      [1, 2, 4, 4],
      [2, 2, 3, 3],
    ],
    build: ([x, w]) => conv2d(x!, w!, undefined, { stride: 2, padding: [0, 0, 1, 1] }),
    ...f32,
  },
  {
    name: "conv2d, 1x1",
    inputs: [
      [2, 3, 2, 2],
      [2, 3, 1, 1],
    ],
    build: ([x, w]) => conv2d(x!, w!, undefined),
    ...f32,
  },
  {
    name: "conv2d, groups, stride 2",
    inputs: [[2, 4, 5, 4], [6, 2, 3, 3], [6]],
    build: ([x, w, b]) => conv2d(x!, w!, b, { groups: 2, stride: 2, padding: [1, 1, 1, 1] }),
    ...f32,
  },
  {
    name: "convTranspose2d, groups",
    inputs: [
      [2, 4, 3, 2],
      [4, 3, 3, 3],
    ],
    build: ([x, w]) => convTranspose2d(x!, w!, { groups: 2, stride: 2, padding: [1, 1, 1, 1], outputPadding: [1, 1] }),
    ...f32,
  },
  {
    name: "convTranspose2d",
    inputs: [
      [1, 2, 3, 2],
      [2, 3, 3, 3],
    ],
    build: ([x, w]) => convTranspose2d(x!, w!, { stride: 2, padding: [1, 1, 1, 1], outputPadding: [1, 1] }),
    ...f32,
  },
  {
    name: "conv2d, stride 2 and dilation 2, the weight's",
    inputs: [[3, 2, 3, 2]],
    build: ([w]) => conv2d(numbers([2, 2, 8, 7]), w!, undefined, { stride: 2, dilation: 2, padding: [1, 1, 1, 1] }),
    ...f32,
  },
  { name: "standardize", inputs: [[2, 6]], build: ([x]) => standardize(x!, 1e-5), ...f32 },
  { name: "layerNorm", inputs: [[2, 6]], build: ([x]) => layerNorm(x!, sin(numbers([6])), numbers([6]), 1e-5), ...f32 },
  {
    name: "layerNorm, rank 3",
    inputs: [[1, 2, 5]],
    build: ([x]) => layerNorm(x!, numbers([5]), numbers([5]), 1e-5),
    ...f32,
  },
  { name: "upsampleNearest2x", inputs: [[1, 2, 2, 3]], build: ([x]) => upsampleNearest2x(x!), ...f32 },
  { name: "averagePool2x", inputs: [[1, 2, 4, 2]], build: ([x]) => averagePool2x(x!), ...f32 },
  { name: "reduceSum", inputs: [[2, 3, 2]], build: ([x]) => reduceSum(x!, [0, 2]) },
  { name: "reduceSum, no axes", inputs: [[2, 3]], build: ([x]) => mul(reduceSum(x!, []), reduceSum(x!, [0, 1])) },
  { name: "reduceMean", inputs: [[2, 3, 2]], build: ([x]) => reduceMean(x!, [-2]) },
  { name: "reshape", inputs: [[2, 3]], build: ([x]) => movement.reshape(x!, [3, 2]) },
  { name: "transpose", inputs: [[2, 3, 4]], build: ([x]) => movement.transpose(x!, [2, 0, 1]) },
  { name: "expand", inputs: [[2, 1]], build: ([x]) => movement.expand(x!, [3, 2, 4]) },
  {
    name: "concat",
    inputs: [
      [2, 1],
      [2, 3],
    ],
    build: ([x, y]) => movement.concat([x!, y!], 1),
  },
  { name: "concat, one twice", inputs: [[2, 1]], build: ([x]) => movement.concat([x!, x!, mul(x!, x!)], 0) },
  { name: "slice", inputs: [[2, 5]], build: ([x]) => movement.slice(x!, 1, 1, 3) },
  { name: "slice, the first and the last", inputs: [[3]], build: ([x]) => ends(x!) },
  { name: "cast", inputs: [[3]], build: ([x]) => cast(cast(x!, "f32"), "f64"), tolerance: 2e-3 },
  {
    name: "attention",
    inputs: [
      [1, 2, 3, 2],
      [1, 2, 4, 2],
      [1, 2, 4, 3],
    ],
    build: ([q, k, v]) => attention(q!, k!, v!, 0.7),
  },
  {
    name: "attention, masked",
    inputs: [
      [1, 1, 3, 2],
      [1, 1, 3, 2],
      [1, 1, 3, 1],
    ],
    build: ([q, k, v]) =>
      attention(q!, k!, v!, 0.7, constant(Float64Array.of(0, -1, 2, 1, 0, -9, 0, 0, 3), [1, 1, 3, 3], "f64")),
  },
  { name: "logSoftmax", inputs: [[2, 3]], build: ([x]) => logSoftmax(x!, -1), range: [-3, 3] },
  { name: "logSoftmax, inner axis", inputs: [[2, 3, 2]], build: ([x]) => logSoftmax(x!, 1) },
  {
    name: "crossEntropy, soft targets",
    inputs: [
      [2, 3],
      [2, 3],
    ],
    build: ([x, targets]) => crossEntropy(x!, targets!),
  },
  {
    name: "dropout",
    inputs: [[2, 3]],
    build: ([x]) => {
      const left = constant(Float64Array.of(0.2, 0.9), [2, 1], "f64");
      return dropout(x!, left, constant(Float64Array.of(0, 0.3, 0.95), [3], "f64"), 0.25);
    },
  },
  { name: "attention, shared input", inputs: [[1, 1, 3, 2]], build: ([x]) => attention(x!, x!, x!, 1) },
];

function numbers(shape: Shape) {
  const size = sizeOf(shape);
  const values = Float32Array.from({ length: size }, (_, index) => 0.5 + index / size);
  return constant(values, shape, "f32");
}

/** The products of both ends of a vector: slices that need zeros on one side only. */
function ends(x: Value) {
  return mul(movement.slice(x, 0, 0, 1), movement.slice(x, 0, x.shape[0]! - 1, x.shape[0]!));
}

describe("gradients", () => {
  test.each(cases)("$name", async (row) => {
    expect(await gradientError(row)).toBeLessThan(row.tolerance ?? 1e-6);
  });

  test("every operation has a row, or refuses", () => {
    const covered = new Set(
      cases.flatMap(({ inputs, build, dtype = "f64" }) => {
        const y = build(inputs.map((shape, index) => input(`x${index}`, shape, dtype)));
        return opNodesOf([y]).map(({ op }) => op.name);
      }),
    );
    const refusing = ["minimum", "gather"];
    expect(ops.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual(refusing);
  });

  test("an operation without a gradient says so", () => {
    const x = input("x", [3]);
    expect(() => gradients(elementwise.minimum(x, 1), [x])).toThrow(LoftError);
    const table = input("table", [4, 2]);
    expect(() => gradients(gather(table, input("rows", [3], "i64")), [table])).toThrow(LoftError);
    const token = input("token", [1, 1, 2, 2]);
    expect(() => gradients(attention(token, token, token, 1, token), [token])).toThrow(LoftError);
  });

  test("a gradient of a gradient is refused where it would be wrong", () => {
    const x = input("x", [3]);
    const [first] = gradients(activation.silu(x), [x]);
    expect(() => gradients(first!, [x])).toThrow(expect.objectContaining({ code: "gradient-missing" }));
  });
});
