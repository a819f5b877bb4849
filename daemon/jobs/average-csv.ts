/** A table over several datasets for spreadsheets: one line per row and dataset, and one per row for their mean. Pure. */
import type { LoftResults } from "../../schemas/results.ts";
import { csvText } from "./csv-text.ts";

export function averageCsv({ rows, datasets = [] }: LoftResults): string {
  const hasClassifiers = rows.some(({ classifier }) => classifier !== undefined);
  const head = [
    "row",
    "title",
    ...(hasClassifiers ? ["classifier"] : []),
    "kind",
    "method",
    "shots",
    "images_per_class",
    "dataset",
    "mean",
    "std",
    "runs",
    "missing",
  ];
  const lines = rows.flatMap((row) => {
    const classifier = hasClassifiers ? [row.classifier ?? null] : [];
    const about = [row.id, row.title, ...classifier, row.kind, row.method, row.shots, row.imagesPerClass];
    const own = (row.perDataset ?? []).map((cell, index) => [
      ...about,
      datasets[index]!.name,
      ...(cell === null ? [null, null, 0, null] : [cell.mean, cell.std, cell.runs, cell.missing]),
    ]);
    return [...own, [...about, "mean", row.mean, row.std, row.runs.length, row.missing.length]];
  });
  return csvText([head, ...lines]);
}
