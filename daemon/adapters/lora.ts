/**
 * LoRA in a graph (Hu et al. 2021, with PEFT's meaning: delta = alpha / rank * B A). Row i of a batch has its own
 * adapter; the frozen base is shared. All parameters of an adapter lie in one packed row, so that an optimizer sees
 * a single tensor.
 */
import { loftError } from "../base/errors.ts";
import type { Rng } from "../base/random.ts";
import { sizeOf } from "../engine/graph/shape.ts";
import type { Value } from "../engine/graph/value.ts";
import { add, mul } from "../engine/ops/elementwise.ts";
import { matmul } from "../engine/ops/matmul.ts";
import { reshape, slice, transpose } from "../engine/ops/movement.ts";
import type { Weights } from "../nn/weights.ts";
import type { AdapterModule, AdapterWeights } from "./adapter-weights.ts";
import type { TargetModule } from "./targets.ts";

/** Where one adapter's matrices lie in its packed row: per target A [rank, in], then B transposed [rank, out]. */
export type LoraLayout = {
  readonly rank: number;
  readonly targets: readonly TargetModule[];
  /** Numbers in one packed row. */
  readonly parameterCount: number;
};

/** The packed layout of adapters of one rank on these targets. */
export function loraLayout(rank: number, targets: readonly TargetModule[]): LoraLayout {
  const width = targets.reduce((sum, { inFeatures, outFeatures }) => sum + inFeatures + outFeatures, 0);
  return { rank, targets, parameterCount: rank * width };
}

/** The two matrices of each target as values: a [rows, rank, in], b [rows, rank, out]. */
export type LoraValues = ReadonlyMap<string, { readonly a: Value; readonly b: Value }>;

/**
 * Cut packed parameters [rows, ...] into the matrices of each target.
 * @param start where the layout's parameters begin in a row
 */
export function unpackLora({ rank, targets }: LoraLayout, packed: Value, start = 0): LoraValues {
  const rows = packed.shape[0]!;
  let offset = start;
  const take = (width: number) => {
    const from = offset;
    offset += rank * width;
    return reshape(slice(packed, 1, from, offset), [rows, rank, width]);
  };
  return new Map(
    targets.map(({ name, inFeatures, outFeatures }) => [name, { a: take(inFeatures), b: take(outFeatures) }]),
  );
}

/** The matrices in packed order: a and b of the first target, then those of the next. */
export function loraTensors(values: LoraValues): readonly Value[] {
  return [...values.values()].flatMap(({ a, b }) => [a, b]);
}

/** The matrices of each target again, from tensors in packed order; `first`: targets that come before. */
export function loraFromTensors({ targets }: LoraLayout, tensors: readonly Value[], first = 0): LoraValues {
  return new Map(
    targets.map(({ name }, index) => {
      const place = 2 * (first + index);
      return [name, { a: tensors[place]!, b: tensors[place + 1]! }];
    }),
  );
}

/**
 * The same weights with low-rank terms added to the adapted layers: y + scale * (x A^T) B^T.
 * A batch may hold several copies of each row, one after the other (guidance does): they share the row's adapter.
 * @param scale alpha / rank of all rows, or 1 where it is already in the matrices
 * @param dropped what the low-rank terms see of their inputs, by layer name: all of it, or less while training
 */
export function adaptedWeights(
  base: Weights,
  lora: LoraValues,
  scale: number,
  dropped: (name: string, x: Value) => Value = (_, x) => x,
): Weights {
  const adapted: Weights = {
    ...base,
    linear: (name, x) => {
      const y = base.linear(name, x);
      const pair = lora.get(name);
      return pair === undefined ? y : add(y, reshape(lowRankTerm(dropped(name, x), pair, scale), y.shape));
    },
    conv2d: (name, x, options) => {
      const y = base.conv2d(name, x, options);
      const pair = lora.get(name);
      return pair === undefined ? y : add(y, pointwiseTerm(dropped(name, x), pair, scale));
    },
    linearParts: (name, x, count) => {
      if (!lora.has(name)) return base.linearParts(name, x, count);
      const y = adapted.linear(name, x);
      const width = y.shape.at(-1)! / count;
      return Array.from({ length: count }, (_, index) => slice(y, -1, index * width, (index + 1) * width));
    },
  };
  return adapted;
}

type Pair = { readonly a: Value; readonly b: Value };

/** x [rows * copies, ..., in] -> [rows, copies * n, out] */
function lowRankTerm(x: Value, { a, b }: Pair, scale: number): Value {
  const rows = a.shape[0]!;
  const width = x.shape.at(-1)!;
  const narrow = matmul(reshape(x, [rows, sizeOf(x.shape) / (rows * width), width]), a, { transposeRight: true });
  return matmul(scale === 1 ? narrow : mul(narrow, scale), b);
}

/** The term of a 1x1 convolution, which is a linear layer of each pixel: x [rows * copies, in, height, width] -> [..., out, height, width] */
function pointwiseTerm(x: Value, pair: Pair, scale: number): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const pixels = transpose(reshape(x, [batch, channels, height * width]), [0, 2, 1]);
  const out = pair.b.shape[2]!;
  const term = reshape(lowRankTerm(pixels, pair, scale), [batch, height * width, out]);
  return reshape(transpose(term, [0, 2, 1]), [batch, out, height, width]);
}

/** A fresh adapter as a packed row: A normal with standard deviation 1 / rank, B zero (PEFT's "gaussian" start). */
export function initialLora(layout: LoraLayout, rng: Rng): Float32Array {
  const packed = new Float32Array(layout.parameterCount);
  let offset = 0;
  for (const { inFeatures, outFeatures } of layout.targets) {
    for (let index = 0; index < layout.rank * inFeatures; index += 1)
      packed[offset + index] = rng.normal() / layout.rank;
    offset += layout.rank * (inFeatures + outFeatures);
  }
  return packed;
}

/** A packed row as an adapter's matrices, B turned back to [out, rank]. */
export function loraFromPacked(layout: LoraLayout, alpha: number, packed: Float32Array): AdapterWeights {
  const { rank, targets } = layout;
  let offset = 0;
  const take = (width: number) => {
    const start = offset;
    offset += rank * width;
    return packed.slice(start, offset);
  };
  const modules = targets.map(({ name, inFeatures, outFeatures }): AdapterModule => {
    const a = take(inFeatures);
    return { name, inFeatures, outFeatures, rank, alpha, a, b: transposed(take(outFeatures), rank, outFeatures) };
  });
  return { modules };
}

/**
 * An adapter's matrices as a packed row. A target that the adapter lacks is zero, so that it adds nothing. Alphas are
 * not in the row: fuse the adapter first where they may differ.
 * @throws LoftError "adapter-invalid" when a module is not among the layout's targets, or of another rank
 */
export function packedFromLora(layout: LoraLayout, adapter: AdapterWeights): Float32Array {
  const { rank } = layout;
  const byName = new Map(adapter.modules.map((module) => [module.name, module]));
  const packed = new Float32Array(layout.parameterCount);
  let offset = 0;
  for (const { name, inFeatures, outFeatures } of layout.targets) {
    const module = byName.get(name);
    if (module !== undefined) {
      const fits = module.inFeatures === inFeatures && module.outFeatures === outFeatures && module.rank === rank;
      if (!fits) throw doesNotFit(name);
      packed.set(module.a, offset);
      packed.set(transposed(module.b, outFeatures, rank), offset + rank * inFeatures);
      byName.delete(name);
    }
    offset += rank * (inFeatures + outFeatures);
  }
  const [foreign] = byName.keys();
  if (foreign !== undefined) throw doesNotFit(foreign);
  return packed;
}

function doesNotFit(name: string) {
  return loftError("adapter-invalid", {
    what: `The adapter does not fit the model and target modules in use: ${name}.`,
    fix: "Use the model the adapter was trained on, or train it again.",
  });
}

/** A row-major [rows, columns] matrix as [columns, rows]. */
function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) result[column * rows + row] = matrix[row * columns + column]!;
  }
  return result;
}
