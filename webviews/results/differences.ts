/**
 * How far each row is from the reference row, and what stands behind the number: the file's interval, an interval
 * computed here, or, where nobody knows the single answers, the spread over seeds. Pure.
 */
import type { LoftResults, ResultRow, ResultRun } from "../../schemas/results.ts";
import type { Interval } from "./paired-bootstrap.ts";
import type { Split } from "./protocol.ts";

export type RowDifference =
  | ({ readonly basis: "interval" } & Interval)
  /** Mean and sample standard deviation of the differences between trainings of one seed. */
  | { readonly basis: "spread"; readonly difference: number; readonly std: number | null };

export type Differences = {
  /** Undefined where each row is measured from one of its own classifier. */
  readonly reference: ResultRow | undefined;
  /** Ids of the rows that others are measured from. */
  readonly references: ReadonlySet<string>;
  /** What the numbers are: intervals of the file, intervals made here (perhaps not all yet), or spreads. */
  readonly basis: "file" | "computed" | "spread";
  /** Rows that cannot be compared are not in it. */
  readonly byRow: ReadonlyMap<string, RowDifference>;
  /** Rows whose interval is still to be computed. */
  readonly waiting: ReadonlySet<string>;
};

export type DifferenceSource = {
  /** Undefined: the file's, one for each classifier. */
  readonly reference: ResultRow | undefined;
  readonly split: Split;
  /** Intervals to the reference that were computed here, null for rows that have none; undefined where nobody can. */
  readonly computed: ReadonlyMap<string, Interval | null> | undefined;
};

export function differencesOf(results: LoftResults, source: DifferenceSource): Differences {
  const { reference, split, computed } = source;
  const baseOf = (row: ResultRow) => reference ?? results.rows.find(({ id }) => id === row.reference);
  const others = results.rows.filter((row) => row !== baseOf(row));
  const references = new Set(results.rows.filter((row) => row === baseOf(row)).map(({ id }) => id));
  const all = { reference, references, waiting: new Set<string>() };
  if (split === "test" && (reference === undefined || reference.id === results.reference)) {
    return { ...all, basis: "file", byRow: intervalsOf(others, (row) => row.difference) };
  }
  if (split === "test" && computed !== undefined) {
    const waiting = new Set(others.map(({ id }) => id).filter((id) => !computed.has(id)));
    return { ...all, waiting, basis: "computed", byRow: intervalsOf(others, ({ id }) => computed.get(id) ?? null) };
  }
  const entries = others.flatMap((row): [string, RowDifference][] => {
    const base = baseOf(row);
    const difference = base && seedDifference(row, base, split);
    return difference === undefined ? [] : [[row.id, difference]];
  });
  return { ...all, basis: "spread", byRow: new Map(entries) };
}

function intervalsOf(rows: readonly ResultRow[], of: (row: ResultRow) => Interval | null) {
  const entries = rows.flatMap((row): [string, RowDifference][] => {
    const interval = of(row);
    return interval === null ? [] : [[row.id, { basis: "interval", ...interval }]];
  });
  return new Map(entries);
}

/** The accuracy of a training on a split; undefined where it was not measured. */
export function runAccuracy({ accuracy, validationAccuracy }: ResultRun, split: Split): number | undefined {
  return split === "test" ? accuracy : (validationAccuracy ?? undefined);
}

/** Mean and sample standard deviation; null where there are too few. */
export function meanAndStd(values: readonly number[]): { readonly mean: number | null; readonly std: number | null } {
  if (values.length === 0) return { mean: null, std: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { mean, std: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (values.length - 1)) };
}

/** Undefined where no two trainings can be compared. */
function seedDifference(own: ResultRow, base: ResultRow, split: Split): RowDifference | undefined {
  const seeded = own.kind === "zero-shot" ? base : own;
  const at = ({ kind, runs }: ResultRow, seed: number) => {
    const run = runs.find((each) => kind === "zero-shot" || each.seed === seed);
    return run === undefined ? undefined : runAccuracy(run, split);
  };
  const gaps = seeded.runs.flatMap(({ seed }) => {
    const [left, right] = [at(own, seed), at(base, seed)];
    return left === undefined || right === undefined ? [] : [left - right];
  });
  const { mean, std } = meanAndStd(gaps);
  return mean === null ? undefined : { basis: "spread", difference: mean, std };
}
