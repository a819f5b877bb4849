/**
 * Everything the results page knows and how messages and choices change it: one pure function. Only `view` outlives the
 * page; the rest is asked for again.
 */
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type { LoftResults, ResultRow } from "../../schemas/results.ts";
import type { Live, ResultsHostMessage, ResultsPageState, RowHits } from "./protocol.ts";

/** Which pictures each training got right, as far as it was asked for. */
export type Hits =
  | { readonly state: "unknown" }
  | { readonly state: "known"; readonly rows: readonly RowHits[] }
  | { readonly state: "failed"; readonly error: LoftErrorData };

export type ResultsData = {
  /** Absent until the file was read once. */
  readonly results?: LoftResults;
  readonly live?: Live;
  /** Why the file cannot be shown; what was read before stays in sight. */
  readonly problem?: LoftErrorData;
  /** Why the last action of the person failed. */
  readonly notice?: LoftErrorData;
  readonly hits: Hits;
  readonly view: ResultsPageState;
};

export type Action =
  | { readonly type: "host"; readonly message: ResultsHostMessage }
  | { readonly type: "hits"; readonly hits: Hits }
  | { readonly type: "notice"; readonly error: LoftErrorData | null }
  | { readonly type: "view"; readonly view: ResultsPageState };

export const startView: ResultsPageState = { tab: "table", metric: "accuracy", split: "test", hidden: [] };

export function startData(view: ResultsPageState = startView): ResultsData {
  return { hits: { state: "unknown" }, view };
}

export function reduce(data: ResultsData, action: Action): ResultsData {
  switch (action.type) {
    case "host":
      return receive(data, action.message);
    case "hits":
      return { ...data, hits: action.hits };
    case "notice":
      return withNotice(data, action.error);
    case "view":
      return { ...data, view: action.view };
  }
}

/** The row that differences are measured from: the chosen one, else the file's; undefined where neither is there. */
export function referenceRow({ results, view }: ResultsData): ResultRow | undefined {
  const find = (id: string | null | undefined) => results?.rows.find((row) => row.id === id);
  return find(view.reference) ?? find(results?.reference);
}

/** Validation pictures are shown only where there are any. */
export function shownSplit({ results, view }: ResultsData): ResultsPageState["split"] {
  return results?.dataset.validation == null ? "test" : view.split;
}

/** The row of the confusion matrix: the chosen one, else the best that has answers. */
export function confusionRow({ results, view }: ResultsData): ResultRow | undefined {
  const rows = (results?.rows ?? []).filter(({ confusion, runs }) => 0 < confusion.length && 0 < runs.length);
  const [first, ...rest] = rows;
  if (first === undefined) return undefined;
  const best = rest.reduce((found, row) => ((found.mean ?? 0) < (row.mean ?? 0) ? row : found), first);
  return rows.find(({ id }) => id === view.row) ?? best;
}

function receive(data: ResultsData, message: ResultsHostMessage): ResultsData {
  switch (message.type) {
    case "results":
      return takeResults(data, message.results, message.live);
    case "unreadable":
      return { ...withLive(data, undefined), problem: message.error };
    case "live":
      return withLive(data, message.live ?? undefined);
    // Answers belong to whoever asked.
    case "response":
    case "failure":
      return data;
  }
}

/** What the trainings got right is asked for again when the trainings are others. */
function takeResults(data: ResultsData, results: LoftResults, live: Live | undefined): ResultsData {
  const { problem: _solved, ...rest } = withLive(data, live);
  const isSame = data.results !== undefined && runsOf(data.results) === runsOf(results);
  return { ...rest, results, hits: isSame ? data.hits : { state: "unknown" } };
}

function runsOf({ rows, configHash }: LoftResults): string {
  return JSON.stringify([configHash, rows.map(({ id, runs }) => [id, runs.map(({ seed, task }) => [seed, task])])]);
}

function withLive(data: ResultsData, live: Live | undefined): ResultsData {
  const { live: _before, ...rest } = data;
  return live === undefined ? rest : { ...rest, live };
}

function withNotice(data: ResultsData, notice: LoftErrorData | null): ResultsData {
  const { notice: _before, ...rest } = data;
  return notice === null ? rest : { ...rest, notice };
}
