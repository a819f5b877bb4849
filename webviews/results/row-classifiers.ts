/** Rows of several classifiers: whose they are, and those of one alone. Pure. */
import type { LoftResults, ResultRow } from "../../schemas/results.ts";

/** The classifiers that rows tell of, in their order; none where there is one for all. */
export function classifiersOf(rows: readonly Pick<ResultRow, "classifier">[]): readonly string[] {
  return [...new Set(rows.flatMap(({ classifier }) => classifier ?? []))];
}

/** What one classifier's rows would be without the others: titles need not tell it. All rows where it has none. */
export function resultsOfClassifier(results: LoftResults, classifier: string | undefined): LoftResults {
  const own = results.rows.filter((row) => row.classifier === classifier);
  if (classifier === undefined || own.length === 0) return results;
  const head = `${classifier}: `;
  const rows = own.map((row) => (row.title.startsWith(head) ? { ...row, title: row.title.slice(head.length) } : row));
  return { ...results, rows };
}

/** Differences are to a row of the same classifier, unless a person picks another. */
export function hasOwnReferences({ rows }: LoftResults): boolean {
  return rows.some(({ reference }) => reference !== undefined && reference !== null);
}
