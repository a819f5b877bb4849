/**
 * How close a synthetic set is to the real one, and how varied, from features of both: pure numbers, no networks. Large
 * sets take minutes, so all of it is done in pieces.
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { mapInPieces, type Pieces } from "../base/pieces.ts";
import { mean } from "./metrics.ts";

/** One row of numbers a picture; all of one width. */
export type Features = readonly Float32Array[];

/**
 * Frechet distance of two sets taken as normal distributions (Heusel et al. 2017, eq. 6), covariances divided by n - 1.
 * @param left, right at least two rows each
 */
export function* frechetDistance(left: Features, right: Features): Pieces<number> {
  const [one, other] = [yield* gaussian(left), yield* gaussian(right)];
  const gap = one.center.reduce((sum, value, index) => sum + (value - other.center[index]!) ** 2, 0);
  // tr sqrt(A B) = tr sqrt(sqrt(A) B sqrt(A)), and the latter is symmetric.
  const root = yield* squareRoot(one.covariance);
  const middle = yield* product(yield* product(root, other.covariance), root);
  const crossTrace = eigenvalues(middle).reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  return gap + one.covariance.trace() + other.covariance.trace() - 2 * crossTrace;
}

type Gaussian = { readonly center: readonly number[]; readonly covariance: Matrix };

function* gaussian(rows: Features): Pieces<Gaussian> {
  const width = rows[0]!.length;
  const center = Array.from({ length: width }, (_, column) => mean(rows.map((row) => row[column]!)));
  const centered = new Matrix(rows.map((row) => Array.from(row, (value, column) => value - center[column]!)));
  yield;
  const sums = yield* product(centered.transpose(), centered);
  return { center, covariance: sums.div(rows.length - 1) };
}

/** Rows of a product that are computed at once. */
const blockSize = 16;

function* product(left: Matrix, right: Matrix): Pieces<Matrix> {
  const starts = Array.from({ length: Math.ceil(left.rows / blockSize) }, (_, block) => block * blockSize);
  const blocks = yield* mapInPieces(starts, (start) => {
    const end = Math.min(left.rows, start + blockSize) - 1;
    return left
      .subMatrix(start, end, 0, left.columns - 1)
      .mmul(right)
      .to2DArray();
  });
  return new Matrix(blocks.flat());
}

function* squareRoot(matrix: Matrix): Pieces<Matrix> {
  const { eigenvectorMatrix: vectors, realEigenvalues } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  yield;
  const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(0, value))));
  return yield* product(yield* product(vectors, roots), vectors.transpose());
}

function eigenvalues(matrix: Matrix): readonly number[] {
  return new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues;
}

/**
 * Kernel distance (Binkowski et al. 2018): the unbiased squared mean discrepancy with the kernel (x y / width + 1)^3.
 * Near 0 for equal distributions, and then also below it.
 * @param left, right at least two rows each
 */
export function* kernelDistance(left: Features, right: Features): Pieces<number> {
  let between = 0;
  for (const row of left) {
    for (const other of right) between += kernel(row, other);
    yield;
  }
  return (yield* kernelWithin(left)) + (yield* kernelWithin(right)) - (2 * between) / (left.length * right.length);
}

/** Mean over all pairs of different rows. */
function* kernelWithin(rows: Features): Pieces<number> {
  let sum = 0;
  for (const [index, row] of rows.entries()) {
    for (const other of rows.slice(0, index)) sum += 2 * kernel(row, other);
    yield;
  }
  return sum / (rows.length * (rows.length - 1));
}

function kernel(left: Float32Array, right: Float32Array): number {
  return (dot(left, right) / left.length + 1) ** 3;
}

export type Coverage = {
  /** Share of synthetic pictures near a real one, and of real ones near a synthetic one (Kynkäänniemi et al. 2019). */
  readonly precision: number;
  readonly recall: number;
  /** The same with counts and with the real neighborhoods alone: less moved by outliers (Naeem et al. 2020). */
  readonly density: number;
  readonly coverage: number;
};

/** Precision, recall, density and coverage: near means within the distance of the other set's k-th neighbor. */
export function* coverageOf(real: Features, synthetic: Features, neighbors = 5): Pieces<Coverage> {
  const k = Math.max(1, Math.min(neighbors, real.length - 1, synthetic.length - 1));
  const realRadii = yield* radii(real, k);
  const syntheticRadii = yield* radii(synthetic, k);
  const share = (hits: readonly boolean[]) => mean(hits.map(Number));
  // Of each synthetic picture the real balls that it lies in. Distances are not kept: of large sets they fill the memory.
  const counts = synthetic.map(() => 0);
  const near = yield* mapInPieces(real, (row, index) => {
    const gaps = synthetic.map((other) => distance(row, other));
    for (const [column, gap] of gaps.entries()) if (gap < realRadii[index]!) counts[column]! += 1;
    const isCovered = gaps.some((gap) => gap < realRadii[index]!);
    return { isCovered, isRecalled: gaps.some((gap, column) => gap < syntheticRadii[column]!) };
  });
  return {
    precision: share(counts.map((count) => 0 < count)),
    recall: share(near.map(({ isRecalled }) => isRecalled)),
    density: mean(counts) / k,
    coverage: share(near.map(({ isCovered }) => isCovered)),
  };
}

/** Each row's distance to its k-th nearest other row. */
function radii(rows: Features, k: number): Pieces<readonly number[]> {
  return mapInPieces(rows, (row) => Float64Array.from(rows, (other) => distance(row, other)).sort()[k]!);
}

/** Mean of 1 - cosine over all pairs of different pictures: 0 where all are the same; undefined below two. */
export function* diversity(rows: Features): Pieces<number | undefined> {
  if (rows.length < 2) return undefined;
  const unit = rows.map(normalized);
  const gaps = yield* mapInPieces(unit, (row, index) => unit.slice(0, index).map((other) => 1 - dot(row, other)));
  return mean(gaps.flat());
}

/** Groups of two and more rows that are linked by cosines of at least `threshold`; indices in rising order. */
export function* duplicateGroups(rows: Features, threshold: number): Pieces<readonly (readonly number[])[]> {
  const unit = rows.map(normalized);
  const groupOf = rows.map((_, index) => index);
  const root = (index: number): number => {
    let at = index;
    while (groupOf[at] !== at) at = groupOf[at]!;
    return at;
  };
  for (const [index, row] of unit.entries()) {
    for (let other = 0; other < index; other += 1) {
      if (threshold <= dot(row, unit[other]!)) groupOf[root(index)] = root(other);
    }
    yield;
  }
  const groups = new Map<number, number[]>();
  for (const index of rows.keys()) groups.set(root(index), [...(groups.get(root(index)) ?? []), index]);
  return [...groups.values()].filter((group) => 1 < group.length);
}

function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += left[index]! * right[index]!;
  return sum;
}

function distance(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += (left[index]! - right[index]!) ** 2;
  return Math.sqrt(sum);
}

function normalized(row: Float32Array): Float32Array {
  const length = Math.sqrt(dot(row, row));
  return length === 0 ? row : row.map((value) => value / length);
}
