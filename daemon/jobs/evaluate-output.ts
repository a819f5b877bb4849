/** The files of an evaluation: the results as JSON, CSV and Markdown, and the answers that they are computed from. */
import { join } from "node:path";
import type { LoftResults, ResultRow, SetQuality } from "../../schemas/results.ts";
import { writeFileAtomic, writeJsonAtomic } from "../base/atomic-file.ts";
import type { LoftError } from "../base/errors.ts";
import { hashOf, type Json } from "../base/hash.ts";
import { loftVersion } from "../base/version.ts";
import { predictedClass } from "../eval/metrics.ts";
import { resultsFile } from "./evaluate-files.ts";
import type { EvaluationPicture, EvaluationWarning } from "./evaluate-pictures.ts";
import type { Cell } from "./evaluate-plan.ts";
import { resultsCsv, resultsMarkdown } from "./evaluate-report.ts";
import { type References, resultRows } from "./evaluate-results.ts";
import type { TaskResult } from "./evaluate-task-files.ts";
import type { PreparedEvaluation } from "./prepare-evaluation.ts";

/** What an evaluation has found out so far. */
export type Found = {
  readonly cells: readonly Cell[];
  readonly answers: ReadonlyMap<string, TaskResult>;
  /** By the ids of their tasks, why classifiers have no answer. */
  readonly lost: ReadonlyMap<string, LoftError>;
  readonly references: References;
  readonly quality: readonly SetQuality[];
  readonly warnings: readonly EvaluationWarning[];
  /** Differences between rows that were computed before. */
  readonly known: Map<string, ResultRow["difference"]>;
};

export function resultsOf(prepared: PreparedEvaluation, found: Found): LoftResults {
  const { cells, answers, lost, references, quality, warnings, known } = found;
  const { own, trained, photos, test, validation } = prepared;
  const { config } = own.resolution;
  const classifiers = trained.map(({ name, sha256, length }) => ({ name, sha256, ...length }));
  const classes = own.dataset.classes.map(({ className }) => className);
  const labels = test.map(({ label }) => label);
  const rows = resultRows(cells, answers, { labels, classes: classes.length, references, lost, known });
  const counts = { photos: photos.length, test: test.length, validation: validation?.length ?? null };
  return {
    formatVersion: 1,
    name: config.name,
    partial: rows.some(({ missing }) => 0 < missing.length),
    dataset: { classes, ...counts },
    reference: typeof references === "string" ? references : null,
    rows,
    sets: quality,
    warnings,
    classifier: classifiers[0]!,
    ...(1 < classifiers.length ? { classifiers } : {}),
    model: { name: own.model.name, sha256: own.model.hash },
    versions: { loft: loftVersion, node: process.versions.node },
    configHash: hashOf(config as unknown as Json),
  };
}

export async function writeResults(
  folder: string,
  results: LoftResults,
  answered: Pick<Found, "cells" | "answers"> & { readonly test: readonly EvaluationPicture[] },
): Promise<LoftResults> {
  await writeFileAtomic(join(folder, "predictions.jsonl"), predictions(answered));
  await writeFileAtomic(join(folder, "results.csv"), resultsCsv(results));
  await writeFileAtomic(join(folder, "results.md"), resultsMarkdown(results));
  await writeJsonAtomic(join(folder, resultsFile), results);
  return results;
}

/**
 * One line per row, seed and test picture: enough to compute every number of the table again. One training after
 * another: all of them may be more than a string can hold.
 */
async function* predictions({
  cells,
  answers,
  test,
}: Pick<Found, "cells" | "answers"> & { readonly test: readonly EvaluationPicture[] }): AsyncGenerator<Uint8Array> {
  for (const cell of cells) {
    for (const { id, seed } of cell.tasks) {
      const lines = (answers.get(id)?.probabilities ?? []).map((probabilities, index) => {
        const { name, label } = test[index]!;
        const predicted = predictedClass({ probabilities });
        return `${JSON.stringify({ row: cell.id, seed, file: name, label, predicted, probabilities })}\n`;
      });
      yield Buffer.from(lines.join(""));
    }
  }
}
