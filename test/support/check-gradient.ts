/** Compares the gradients of a graph with central differences, both run by ONNX Runtime. */
import { randomStream } from "../../daemon/base/random.ts";
import { gradients } from "../../daemon/engine/autodiff/vjp.ts";
import { type DType, hostArray } from "../../daemon/engine/graph/dtype.ts";
import { type Shape, sizeOf } from "../../daemon/engine/graph/shape.ts";
import type { HostTensor } from "../../daemon/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../daemon/engine/graph/value.ts";
import { mul } from "../../daemon/engine/ops/elementwise.ts";
import { createSession } from "../../daemon/engine/runtime/session.ts";
import { relativeError } from "./reference.ts";
import { cpu as optimizing } from "./run-graph.ts";

// The optimizer fuses f64 nodes into operators that exist for f32 only.
const cpu = { ...optimizing, unoptimized: true };

export type GradientCase = {
  readonly name: string;
  readonly inputs: readonly Shape[];
  readonly build: (inputs: readonly Value[]) => Value;
  /** Inputs are uniform in this range. */
  readonly range?: readonly [number, number];
  /** f64 wherever ONNX Runtime's CPU provider has the kernels. */
  readonly dtype?: DType;
  /** Largest relative error: 1e-6 in f64; f32 is limited by the rounding of the differences. */
  readonly tolerance?: number;
};

/** The largest relative error over the inputs' gradients, of a random linear form of the output. */
export async function gradientError({
  name,
  inputs,
  build,
  range = [-2, 2],
  dtype = "f64",
}: GradientCase): Promise<number> {
  const rng = randomStream("gradient", name);
  const draw = (shape: Shape) =>
    Array.from({ length: sizeOf(shape) }, () => range[0] + (range[1] - range[0]) * rng.uniform());
  const points = inputs.map(draw);
  const values = inputs.map((shape, index) => input(`x${index}`, shape, dtype));
  const y = build(values);
  const direction = draw(y.shape);
  const loss = mul(y, constant(hostArray(dtype, direction), y.shape, dtype));
  const feedsAt = (at: readonly (readonly number[])[]): Record<string, HostTensor> =>
    Object.fromEntries(
      at.map((data, index) => [`x${index}`, { dtype, shape: inputs[index]!, data: hostArray(dtype, data) }]),
    );
  const forward = await createSession({ loss }, cpu);
  const backward = await createSession(
    Object.fromEntries(gradients(loss, values).map((gradient, index) => [`g${index}`, gradient])),
    cpu,
  );
  try {
    const analytic = await backward.run(feedsAt(points));
    const lossAt = async (at: readonly (readonly number[])[]) =>
      (Array.from((await forward.run(feedsAt(at))).loss!.data as Float64Array) as number[]).reduce(
        (sum, term) => sum + term,
        0,
      );
    const errors: number[] = [];
    for (const [index, data] of points.entries()) {
      const numeric: number[] = [];
      for (const element of data.keys()) numeric.push(await derivative(lossAt, points, index, element, dtype));
      errors.push(relativeError(analytic[`g${index}`]!.data as Float64Array, numeric));
    }
    return Math.max(...errors);
  } finally {
    await forward.release();
    await backward.release();
  }
}

/** Central difference with one Richardson step: error of order step^4. */
async function derivative(
  lossAt: (points: readonly (readonly number[])[]) => Promise<number>,
  points: readonly (readonly number[])[],
  index: number,
  element: number,
  dtype: DType,
): Promise<number> {
  const step = dtype === "f64" ? 1e-3 : 2e-2;
  const at = (offset: number) =>
    lossAt(points.map((data, other) => (other === index ? data.with(element, data[element]! + offset) : data)));
  const slope = async (width: number) => ((await at(width)) - (await at(-width))) / (2 * width);
  return (4 * (await slope(step / 2)) - (await slope(step))) / 3;
}
