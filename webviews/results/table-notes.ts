/** What has to be said below the table: what its marks and differences are, and which runs are missing and why. Pure. */
import type { Differences } from "./differences.ts";
import type { Metric, Split } from "./protocol.ts";
import { rowLabel } from "./row-label.ts";
import type { Line, TableModel } from "./table-model.ts";
import { texts } from "./texts.ts";

export type NotesChoice = {
  readonly metric: Metric;
  readonly split: Split;
  readonly differences: Differences | undefined;
  /** The answers to single pictures can be had. */
  readonly hasAnswers: boolean;
};

export type TableNotes = { readonly notes: readonly string[]; readonly missing: readonly string[] };

export function tableNotes(model: TableModel, choice: NotesChoice): TableNotes {
  const cells = model.lines.flatMap((line) => line.cells);
  const hasMarks = cells.some((cell) => cell.type === "value" && cell.rank !== "none");
  const hasSpread = cells.some((cell) => cell.type === "value" && cell.std !== null);
  const hasSingle = choice.metric === "accuracy" && model.lines.some(isSingle);
  const less = model.columns.filter(({ better }) => better === "less").map(({ title }) => title);
  const notes = [
    ...(0 < less.length ? [texts.noteLess(less)] : []),
    ...(hasMarks
      ? [model.lines.some(({ rivals }) => rivals !== undefined) ? texts.noteMarksEach : texts.noteMarks]
      : []),
    ...(hasSpread ? [texts.noteSpread] : []),
    ...(hasSingle ? [texts.noteSingle] : []),
    ...(choice.split === "validation" ? [texts.noteValidation] : []),
    ...differenceNotes(choice),
  ];
  return { notes, missing: missingNotes(model.lines) };
}

/** A classifier that was trained, once. */
function isSingle({ cells }: Line): boolean {
  const isTrained = cells[0]?.type === "count" && cells[0].count !== null;
  const runs = cells.find((cell) => cell.type === "runs");
  return isTrained && runs?.type === "runs" && runs.done === 1;
}

function differenceNotes({ differences, split, hasAnswers }: NotesChoice): readonly string[] {
  if (differences === undefined) return [];
  const label = differences.reference === undefined ? texts.ownReference : rowLabel(differences.reference);
  switch (differences.basis) {
    case "file":
      return [texts.noteFile(label)];
    case "computed":
      return [texts.noteComputed(label)];
    case "spread": {
      const note = texts.noteSpreadDifference(label);
      return split === "test" && !hasAnswers ? [note, texts.noteNoPredictions] : [note];
    }
  }
}

/** One for each reason, with the rows and seeds it keeps away. */
function missingNotes(lines: readonly Line[]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { label, cells } of lines) {
    const missing = cells.flatMap((cell) => (cell.type === "runs" ? cell.missing : []));
    for (const reason of new Set(missing.map((run) => run.reason))) {
      const seeds = missing.filter((run) => run.reason === reason).map(({ seed }) => seed);
      places.set(reason, [...(places.get(reason) ?? []), texts.missingPlace(label, seeds)]);
    }
  }
  return [...places].map(([reason, found]) => texts.noteMissing(reason, found));
}
