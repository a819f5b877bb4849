/** The rows of the results as a table: which columns a metric has, which rows are shown, what stands in the cells. Pure. */
import type { DatasetCell, LoftResults, ResultDataset, ResultRow } from "../../schemas/results.ts";
import { type Differences, meanAndStd, runAccuracy } from "./differences.ts";
import type { Metric, ResultsPageState, Split } from "./protocol.ts";
import { rowLabel } from "./row-label.ts";
import { type Cell, type Column, type Line, markBest, type TableModel } from "./table-model.ts";
import { groupTexts, texts } from "./texts.ts";

export type RowMetric = Exclude<Metric, "sets">;

export type TableChoice = {
  readonly metric: RowMetric;
  readonly split: Split;
  /** Absent where there is no reference row. */
  readonly differences: Differences | undefined;
  /** What was left out, and by which numbers. */
  readonly view: Pick<ResultsPageState, "hidden" | "shots" | "images" | "classifier">;
};

/** The shown rows in the order of the paper: without training, real photos, synthetic images, both. */
export function resultsTable(results: LoftResults, choice: TableChoice): TableModel {
  const columns = [...leadColumns(), ...metricColumns(results, choice), runsColumn()];
  const rows = matchingRows(results, choice.view).filter(({ id }) => !choice.view.hidden.includes(id));
  const lines = rows.map((row): Line => {
    const cells = [...leadCells(row, results), ...metricCells(row, results, choice), runsCell(row)];
    const rivals = row.classifier === undefined ? {} : { rivals: row.classifier };
    return { id: row.id, title: row.title, label: rowLabel(row), group: groupTexts[row.kind], ...rivals, cells };
  });
  return markBest({ caption: texts.resultsTable(choice.metric, choice.split), head: texts.row, columns, lines });
}

/** Rows whose numbers pass the filters; hidden ones included, for the list that shows them again. */
export function matchingRows({ rows }: LoftResults, view: TableChoice["view"]): readonly ResultRow[] {
  const isOwn = ({ classifier }: ResultRow) => classifier === view.classifier;
  const isAnyOwn = rows.some(isOwn);
  return orderedRows(rows).filter((row) => isMatching(row, view) && (!isAnyOwn || isOwn(row)));
}

/** The different numbers of a kind that rows have, rising. */
export function countsOf(rows: readonly ResultRow[], name: "shots" | "imagesPerClass"): readonly number[] {
  const counts = rows.flatMap((row) => row[name] ?? []);
  return [...new Set(counts)].sort((a, b) => a - b);
}

const kinds: readonly ResultRow["kind"][] = ["zero-shot", "real", "synthetic", "real+synthetic"];

function orderedRows(rows: readonly ResultRow[]): readonly ResultRow[] {
  return kinds.flatMap((kind) => rows.filter((row) => row.kind === kind));
}

/** A row without the number, as zero-shot, stands beside all. */
function isMatching({ shots, imagesPerClass }: ResultRow, view: TableChoice["view"]): boolean {
  const fits = (own: number | null, wanted: number | undefined) =>
    wanted === undefined || own === null || own === wanted;
  return fits(shots, view.shots) && fits(imagesPerClass, view.images);
}

function leadColumns(): readonly Column[] {
  return [
    { key: "shots", title: texts.shotsColumn, about: texts.shotsAbout, unit: "count", better: "neither" },
    { key: "images", title: texts.imagesColumn, about: texts.imagesAbout, unit: "count", better: "neither" },
  ];
}

function leadCells({ shots, imagesPerClass, runs }: ResultRow, { dataset }: LoftResults): readonly Cell[] {
  const wanted = (imagesPerClass ?? 0) * dataset.classes.length;
  const fewest = Math.min(...runs.map(({ syntheticPictures }) => syntheticPictures));
  return [
    { type: "count", count: shots },
    {
      ...{ type: "count", count: imagesPerClass },
      ...(fewest < wanted ? { warning: texts.fewerImages(fewest, wanted) } : {}),
    },
  ];
}

function metricColumns(results: LoftResults, { metric, split, differences }: TableChoice): readonly Column[] {
  switch (metric) {
    case "accuracy":
      return [
        ...shownDatasets(results, split).map(datasetColumn),
        accuracyColumn(results, split),
        ...(differences === undefined ? [] : [differenceColumn(differences)]),
      ];
    case "calibration":
      return [{ key: "calibration", title: texts.ece, about: texts.eceAbout, unit: "share", better: "less" }];
    case "classes":
      return results.dataset.classes.map((title, i) => ({ key: `class ${i}`, title, unit: "share", better: "more" }));
  }
}

function accuracyColumn({ datasets }: LoftResults, split: Split): Column {
  const [title, about] =
    datasets === undefined ? [texts.accuracy, texts.accuracyAbout(split)] : [texts.mean, texts.meanAbout];
  return { key: "accuracy", title, about, unit: "share", better: "more" };
}

/** What each dataset says is known of the test pictures only. */
function shownDatasets({ datasets = [] }: LoftResults, split: Split): readonly ResultDataset[] {
  return split === "test" ? datasets : [];
}

function datasetColumn({ name }: ResultDataset, index: number): Column {
  return { key: `dataset ${index}`, title: name, about: texts.accuracyAbout("test"), unit: "share", better: "more" };
}

function differenceColumn({ basis }: Differences): Column {
  return {
    key: "difference",
    title: basis === "spread" ? texts.differenceSpread : texts.differenceInterval,
    about: texts.differenceAbout,
    unit: "share",
    better: "more",
  };
}

function metricCells(row: ResultRow, results: LoftResults, choice: TableChoice): readonly Cell[] {
  switch (choice.metric) {
    case "accuracy":
      return [
        ...shownDatasets(results, choice.split).map((_, i) => datasetCell(row.perDataset?.[i] ?? null)),
        accuracyCell(row, choice.split, results),
        ...differenceCells(row, choice.differences),
      ];
    case "calibration":
      return [{ type: "value", mean: row.calibrationError, std: null, rank: "none" }];
    case "classes":
      return results.dataset.classes.map((_, i) => {
        return { type: "value", mean: row.perClass[i] ?? null, std: null, rank: "none" };
      });
  }
}

function datasetCell(found: DatasetCell | null): Cell {
  const { mean, std, runs, missing } = found ?? { mean: null, std: null, runs: 0, missing: 0 };
  const cell = { type: "value", mean, std, rank: "none" } as const;
  return 0 < missing ? { ...cell, warning: texts.missingOf(runs, runs + missing) } : cell;
}

function accuracyCell(row: ResultRow, split: Split, { rows }: LoftResults): Cell {
  const { mean, std, runs } = row;
  const cell = { type: "value", rank: "none", ...(isPartialMean(row, rows) ? { isPartial: true } : {}) } as const;
  if (split === "test") return { ...cell, mean, std };
  return { ...cell, ...meanAndStd(runs.flatMap((run) => runAccuracy(run, split) ?? [])) };
}

/** The mean leaves out a dataset that another row has: over easier ones alone it would be the best of all. */
function isPartialMean(row: ResultRow, rows: readonly ResultRow[]): boolean {
  const isThere = ({ perDataset = [] }: ResultRow, index: number) => (perDataset[index]?.mean ?? null) !== null;
  return (row.perDataset ?? []).some((_, index) => !isThere(row, index) && rows.some((other) => isThere(other, index)));
}

function differenceCells(row: ResultRow, differences: Differences | undefined): readonly Cell[] {
  if (differences === undefined) return [];
  if (differences.references.has(row.id)) return [{ type: "difference", difference: "reference" }];
  const { byRow, waiting } = differences;
  return [{ type: "difference", difference: byRow.get(row.id) ?? (waiting.has(row.id) ? "waiting" : null) }];
}

function runsColumn(): Column {
  return { key: "runs", title: texts.runs, about: texts.runsAbout, unit: "count", better: "neither" };
}

function runsCell({ runs, missing }: ResultRow): Cell {
  return { type: "runs", done: runs.length, missing };
}
