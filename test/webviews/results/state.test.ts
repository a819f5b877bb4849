/** How messages and choices change what the results page knows. */
import { describe, expect, it } from "vitest";
import type { LoftResults } from "../../../schemas/results.ts";
import {
  confusionRow,
  type ResultsData,
  reduce,
  referenceRow,
  shownSplit,
  startData,
  startView,
} from "../../../webviews/results/state.ts";
import { fakeResults } from "../support/fake-results.ts";

const { results } = fakeResults({ shots: [4], images: [50], seeds: 2 });
const error = { code: "results-corrupt", what: "w", fix: "f" };

function received(shown: LoftResults, before: ResultsData = startData()): ResultsData {
  return reduce(before, { type: "host", message: { type: "results", results: shown } });
}

describe("reduce", () => {
  it("keeps what was read when the file becomes unreadable, and forgets the problem when it is mended", () => {
    const broken = reduce(received(results), { type: "host", message: { type: "unreadable", error } });
    expect(broken).toMatchObject({ results, problem: error });
    const mended = received(results, broken);
    expect(mended.problem).toBeUndefined();
  });

  it("has an evaluation live until it is over", () => {
    const live = { text: "Training", share: 0.5 };
    const running = reduce(startData(), { type: "host", message: { type: "results", results, live } });
    expect(running.live).toEqual(live);
    expect(reduce(running, { type: "host", message: { type: "live", live: null } }).live).toBeUndefined();
    expect(received(results, running).live).toBeUndefined();
    expect(reduce(running, { type: "host", message: { type: "unreadable", error } }).live).toBeUndefined();
  });

  it("asks for the answers again when there are other trainings, and only then", () => {
    const known = reduce(received(results), { type: "hits", hits: { state: "known", rows: [] } });
    expect(received({ ...results, name: "renamed" }, known).hits.state).toBe("known");
    const [first, ...rest] = results.rows;
    const more = { ...first!, runs: [...first!.runs, { ...first!.runs[0]!, seed: 7, task: "new" }] };
    expect(received({ ...results, rows: [more, ...rest] }, known).hits.state).toBe("unknown");
  });

  it("shows and closes why an action failed", () => {
    const told = reduce(startData(), { type: "notice", error });
    expect(told.notice).toBe(error);
    expect(reduce(told, { type: "notice", error: null }).notice).toBeUndefined();
  });
});

describe("choices that the file may not have", () => {
  const withView = (view: Partial<typeof startView>) => ({ ...received(results), view: { ...startView, ...view } });

  it("fall back to the file's reference", () => {
    expect(referenceRow(withView({ reference: "loft-s4-n50" }))?.id).toBe("loft-s4-n50");
    expect(referenceRow(withView({ reference: "gone" }))?.id).toBe(results.reference);
    expect(referenceRow(received({ ...results, reference: null }))).toBeUndefined();
    expect(referenceRow(startData())).toBeUndefined();
  });

  it("fall back to the test pictures where there are no others", () => {
    expect(shownSplit(withView({ split: "validation" }))).toBe("test");
    const both = fakeResults({ shots: [4], images: [50], seeds: 1, validation: true }).results;
    expect(shownSplit({ ...received(both), view: { ...startView, split: "validation" } })).toBe("validation");
  });

  it("fall back to the confusion of the best row with answers", () => {
    const best = results.rows.reduce((found, row) => ((found.mean ?? 0) < (row.mean ?? 0) ? row : found));
    expect(confusionRow(withView({ row: "gone" }))?.id).toBe(best.id);
    expect(confusionRow(withView({ row: "zero-shot" }))?.id).toBe("zero-shot");
    expect(confusionRow(received({ ...results, rows: [] }))).toBeUndefined();
  });
});
