/** Accuracy against how much a classifier saw: one line for each method, from the rows of the table. Pure. */
import type { LoftResults, ResultRow } from "../../schemas/results.ts";
import { meanAndStd, runAccuracy } from "./differences.ts";
import type { Split } from "./protocol.ts";
import { methodTitle } from "./texts.ts";

/** Mean of the runs and its sample standard deviation, null below two. */
export type Point = { readonly at: number; readonly mean: number; readonly std: number | null; readonly runs: number };

export type Series = {
  /** "real", "zero-shot" or the method: what its color and its dashes go by. */
  readonly key: string;
  readonly title: string;
  /** Rising; a constant has one, whose place says nothing. */
  readonly points: readonly Point[];
  /** What the axis counts does not touch it: zero-shot, or real photos where synthetic images are counted. */
  readonly isConstant: boolean;
};

export type Scaling = {
  /** Every number of the axis that a row has. */
  readonly stops: readonly number[];
  readonly series: readonly Series[];
};

export type ScalingChoice = {
  readonly split: Split;
  /** Which rows with synthetic images. */
  readonly kind: "synthetic" | "real+synthetic";
  /** The number that stands still: images per class against shots, shots against images. */
  readonly fixed: number | undefined;
};

export function shotScaling({ rows }: LoftResults, { split, kind, fixed }: ScalingChoice): Scaling {
  const synthetic = rows.filter((row) => row.kind === kind && row.imagesPerClass === fixed);
  const real = rows.filter((row) => row.kind === "real");
  return scalingOf([
    ...constantSeries(rows, "zero-shot", split),
    ...seriesBy(real, (row) => row.shots, split),
    ...seriesBy(synthetic, (row) => row.shots, split),
  ]);
}

export function imageScaling({ rows }: LoftResults, { split, kind, fixed }: ScalingChoice): Scaling {
  const synthetic = rows.filter((row) => row.kind === kind && row.shots === fixed);
  const real = rows.filter((row) => row.kind === "real" && row.shots === fixed);
  return scalingOf([
    ...constantSeries(rows, "zero-shot", split),
    ...constantSeries(real, "real", split),
    ...seriesBy(synthetic, (row) => row.imagesPerClass, split),
  ]);
}

/** Where a number stands on the axis: steps of two are equally far apart, and 0 has a place. */
export function axisPlace(count: number): number {
  return Math.log2(1 + count);
}

function scalingOf(series: readonly Series[]): Scaling {
  const filled = series.filter(({ points }) => 0 < points.length);
  const moving = filled.filter(({ isConstant }) => !isConstant);
  const stops = new Set(moving.flatMap(({ points }) => points.map(({ at }) => at)));
  return { stops: [...stops].sort((a, b) => a - b), series: filled };
}

function constantSeries(rows: readonly ResultRow[], kind: ResultRow["kind"], split: Split): readonly Series[] {
  const row = rows.find((each) => each.kind === kind);
  if (row === undefined) return [];
  return [{ key: kind, title: row.title, points: pointsOf(row, 0, split), isConstant: true }];
}

function seriesBy(
  rows: readonly ResultRow[],
  place: (row: ResultRow) => number | null,
  split: Split,
): readonly Series[] {
  const keys = new Map<string, ResultRow[]>();
  for (const row of rows) keys.set(row.method ?? row.kind, [...(keys.get(row.method ?? row.kind) ?? []), row]);
  return [...keys].map(([key, members]) => {
    const points = members.flatMap((row) => pointsOf(row, place(row) ?? 0, split));
    const title = key === "real" ? (members[0]?.title ?? key) : methodTitle(key);
    return { key, title, points: points.sort((a, b) => a.at - b.at), isConstant: false };
  });
}

function pointsOf({ runs }: ResultRow, at: number, split: Split): readonly Point[] {
  const accuracies = runs.flatMap((run) => runAccuracy(run, split) ?? []);
  const { mean, std } = meanAndStd(accuracies);
  return mean === null ? [] : [{ at, mean, std, runs: accuracies.length }];
}
