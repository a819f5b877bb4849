/** From the results of several datasets to one table of their means, with a column for each dataset. Pure. */
import type { DatasetCell, LoftResults, ResultDataset, ResultRow, ResultRun } from "../../schemas/results.ts";
import { hashOf } from "../base/hash.ts";
import { mean, standardDeviation } from "../eval/metrics.ts";
import { type ComparedRows, differencesOf, type JudgedRow } from "./evaluate-results.ts";

/** What became of a dataset; without results it failed, or is still to come. */
export type DatasetOutcome = {
  readonly name: string;
  readonly file: string | null;
  readonly problem: ResultDataset["problem"];
  readonly evaluated: { readonly results: LoftResults; readonly judged: readonly JudgedRow[] } | undefined;
};

/**
 * The table over the datasets, in the order of the first one's rows. A row's mean is that of the datasets that have it;
 * its spread is that of the datasets' mean from seed to seed.
 * @param outcomes at least one of them with results
 * @param reference the row that differences are measured from; by default the first dataset's
 */
export function averageResults(
  outcomes: readonly DatasetOutcome[],
  { name, reference }: { readonly name: string; readonly reference: string | undefined },
): LoftResults {
  const all = outcomes.flatMap(({ evaluated }) => (evaluated === undefined ? [] : [evaluated.results]));
  const first = all[0]!;
  const ids = [...new Set(all.flatMap(({ rows }) => rows.map(({ id }) => id)))];
  const base = reference ?? first.reference ?? undefined;
  const differences = averageDifferences(outcomes, ids, base);
  const rows = ids.map((id) => averageRow(outcomes, id, { base, difference: differences.get(id) ?? null }));
  const sum = (value: (results: LoftResults) => number) => all.reduce((total, each) => total + value(each), 0);
  const validation = all.map(({ dataset }) => dataset.validation);
  return {
    formatVersion: 1,
    name,
    partial: outcomes.some(isPartial) || rows.some(({ missing }) => 0 < missing.length),
    dataset: {
      classes: [],
      photos: sum(({ dataset }) => dataset.photos),
      test: sum(({ dataset }) => dataset.test),
      validation: validation.includes(null) ? null : sum(({ dataset }) => dataset.validation ?? 0),
    },
    reference: ids.find((id) => id === base) ?? null,
    rows,
    sets: [],
    warnings: [...differentParts(outcomes), ...datasetWarnings(outcomes)],
    classifier: first.classifier,
    ...(first.classifiers === undefined ? {} : { classifiers: first.classifiers }),
    model: first.model,
    versions: first.versions,
    configHash: hashOf(all.map(({ configHash }) => configHash)),
    datasets: outcomes.map((outcome) => ({
      ...{ name: outcome.name, results: outcome.file },
      ...{ partial: isPartial(outcome), problem: outcome.problem },
    })),
  };
}

function isPartial({ evaluated }: DatasetOutcome): boolean {
  return evaluated === undefined || evaluated.results.partial;
}

/** A row of each dataset, where it is there. */
function rowsCalled(outcomes: readonly DatasetOutcome[], id: string): readonly (ResultRow | undefined)[] {
  return outcomes.map(({ evaluated }) => evaluated?.results.rows.find((row) => row.id === id));
}

function averageRow(
  outcomes: readonly DatasetOutcome[],
  id: string,
  { base, difference }: Pick<ResultRow, "difference"> & { readonly base: string | undefined },
): ResultRow {
  const own = rowsCalled(outcomes, id);
  const found = own.filter((row) => row !== undefined);
  const answered = found.filter((row) => 0 < row.runs.length);
  const { title, kind, method, shots, imagesPerClass, classifier, reference } = found[0]!;
  const runs = averageRuns(answered);
  const errors = answered.flatMap(({ calibrationError }) => calibrationError ?? []);
  return {
    ...{ id, title, kind, method, shots, imagesPerClass },
    ...(classifier === undefined ? {} : { classifier }),
    ...(base === undefined && reference !== undefined ? { reference } : {}),
    runs,
    missing: missingRuns(outcomes, own, runs),
    mean: answered.length === 0 ? null : mean(answered.map((row) => row.mean!)),
    std: standardDeviation(runs.map(({ accuracy }) => accuracy)) ?? null,
    perClass: [],
    confusion: [],
    calibrationError: errors.length === 0 ? null : mean(errors),
    difference,
    perDataset: own.map((row): DatasetCell | null =>
      row === undefined ? null : { mean: row.mean, std: row.std, runs: row.runs.length, missing: row.missing.length },
    ),
  };
}

/** Of each seed that all datasets with answers have: the mean of their accuracies. */
function averageRuns(rows: readonly ResultRow[]): readonly ResultRun[] {
  const [first, ...others] = rows;
  const runsOf = (seed: number) => rows.flatMap(({ runs }) => runs.filter((run) => run.seed === seed));
  const seeds = (first?.runs ?? []).map(({ seed }) => seed);
  const common = seeds.filter((seed) => others.every(({ runs }) => runs.some((run) => run.seed === seed)));
  return common.map((seed) => {
    const runs = runsOf(seed);
    const validation = runs.flatMap(({ validationAccuracy }) => validationAccuracy ?? []);
    const sum = (value: (run: ResultRun) => number) => runs.reduce((total, run) => total + value(run), 0);
    return {
      ...{ seed, task: "" },
      accuracy: mean(runs.map(({ accuracy }) => accuracy)),
      validationAccuracy: validation.length < runs.length ? null : mean(validation),
      step: Math.max(...runs.map(({ step }) => step)),
      realPictures: sum(({ realPictures }) => realPictures),
      syntheticPictures: sum(({ syntheticPictures }) => syntheticPictures),
    };
  });
}

/** What keeps a row from being the mean over all datasets, seed by seed. */
function missingRuns(
  outcomes: readonly DatasetOutcome[],
  own: readonly (ResultRow | undefined)[],
  runs: readonly ResultRun[],
): ResultRow["missing"] {
  return outcomes.flatMap(({ name, evaluated }, index) => {
    const row = own[index];
    if (row !== undefined) return row.missing.map(({ seed, reason }) => ({ seed, reason: `${name}: ${reason}` }));
    const reason = evaluated === undefined ? `${name} has no results.` : `${name} has no such row.`;
    return (runs.length === 0 ? [0] : runs.map(({ seed }) => seed)).map((seed) => ({ seed, reason }));
  });
}

/** Of each row that has another one to be measured from; null where no dataset has both. */
function averageDifferences(
  outcomes: readonly DatasetOutcome[],
  ids: readonly string[],
  base: string | undefined,
): ReadonlyMap<string, ResultRow["difference"]> {
  const measured = ids.flatMap((id) => {
    const other = base ?? rowsCalled(outcomes, id).find((row) => row !== undefined)?.reference ?? id;
    return other === id ? [] : [{ id, other }];
  });
  const found = differencesOf(measured.map(({ id, other }) => comparedRows(outcomes, id, other)));
  return new Map(measured.map(({ id }, index) => [id, found[index]!]));
}

/** Of the datasets that have both rows. */
function comparedRows(outcomes: readonly DatasetOutcome[], id: string, base: string): readonly ComparedRows[] {
  return outcomes.flatMap(({ evaluated }) => {
    const own = evaluated?.judged.find((row) => row.id === id);
    const other = evaluated?.judged.find((row) => row.id === base);
    const isThere = own !== undefined && other !== undefined && 0 < own.hits.size && 0 < other.hits.size;
    return isThere ? [{ own, base: other }] : [];
  });
}

function datasetWarnings(outcomes: readonly DatasetOutcome[]): LoftResults["warnings"] {
  return outcomes.flatMap(({ name, problem, evaluated }) => [
    ...(problem === null ? [] : [{ what: `${name}: ${problem.what}`, fix: problem.fix }]),
    ...(evaluated?.results.warnings ?? []).map(({ what, fix }) => ({ what: `${name}: ${what}`, fix })),
  ]);
}

/** Means over classifiers that differ, or images of models that differ, say little. */
function differentParts(outcomes: readonly DatasetOutcome[]): LoftResults["warnings"] {
  const all = outcomes.flatMap(({ evaluated }) => (evaluated === undefined ? [] : [evaluated.results]));
  const differing = [
    ["classifiers", all.map(({ classifier, classifiers = [] }) => hashOf([classifier, ...classifiers]))],
    ["image models", all.map(({ model }) => model.sha256)],
  ] as const;
  return differing.flatMap(([what, values]) =>
    new Set(values).size < 2
      ? []
      : [
          {
            what: `The datasets were evaluated with different ${what}.`,
            fix: "Give all configurations the same model and the same evaluation settings before comparing means.",
          },
        ],
  );
}
