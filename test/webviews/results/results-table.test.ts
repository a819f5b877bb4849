/** Which rows and columns a choice shows, and what is said below the table. */
import { describe, expect, it } from "vitest";
import { differencesOf } from "../../../webviews/results/differences.ts";
import { countsOf, matchingRows, resultsTable, type TableChoice } from "../../../webviews/results/results-table.ts";
import { setsTable } from "../../../webviews/results/sets-table.ts";
import { tableNotes } from "../../../webviews/results/table-notes.ts";
import { fakeAverage, fakeResults } from "../support/fake-results.ts";

const { results } = fakeResults({ shots: [1, 4], images: [10, 50], seeds: 2, validation: true });
const partial = fakeResults({ shots: [4], images: [50], partial: true }).results;
const view = { hidden: [] };

function choice(change: Partial<TableChoice> = {}): TableChoice {
  return { metric: "accuracy", split: "test", differences: undefined, view, ...change };
}

describe("resultsTable", () => {
  it("has the rows in the order of the paper, told apart", () => {
    const { lines } = resultsTable(results, choice());
    expect(lines.length).toBe(results.rows.length);
    expect(new Set(lines.map(({ label }) => label)).size).toBe(lines.length);
    expect([...new Set(lines.map(({ group }) => group))]).toEqual([
      "Without training",
      "Real photos",
      "Synthetic images",
      "Real photos and synthetic images",
    ]);
    expect(lines[1]?.label).toBe("Real photos only, 1 shot");
    expect(lines.at(-1)?.label).toBe("LoFT + real, 4 shots, 50 images per class");
  });

  it.each([
    ["accuracy", ["shots", "images", "accuracy", "runs"]],
    ["calibration", ["shots", "images", "calibration", "runs"]],
    ["classes", ["shots", "images", ...results.dataset.classes.map((_, i) => `class ${i}`), "runs"]],
  ] as const)("has the columns of %s", (metric, keys) => {
    const { columns, lines } = resultsTable(results, choice({ metric }));
    expect(columns.map(({ key }) => key)).toEqual(keys);
    expect(lines.every(({ cells }) => cells.length === keys.length)).toBe(true);
  });

  it("says what a difference is made of", () => {
    const [reference] = results.rows.filter(({ id }) => id === results.reference);
    const file = differencesOf(results, { reference: reference!, split: "test", computed: undefined });
    const intervals = resultsTable(results, choice({ differences: file }));
    expect(intervals.columns[3]?.title).toBe("Difference [95 %]");
    const own = intervals.lines.find(({ id }) => id === results.reference);
    expect(own?.cells[3]).toEqual({ type: "difference", difference: "reference" });
    const spread = differencesOf(results, { reference: reference!, split: "validation", computed: undefined });
    const spreads = resultsTable(results, choice({ differences: spread, split: "validation" }));
    expect(spreads.columns[3]?.title).toBe("Difference ± std");
  });

  it("shows the accuracies of a split", () => {
    const cell = (split: "test" | "validation") => resultsTable(results, choice({ split })).lines[1]?.cells[2];
    const [real] = results.rows.filter(({ kind }) => kind === "real");
    expect(cell("test")).toMatchObject({ mean: real!.mean, std: real!.std });
    const mean = (real!.runs[0]!.validationAccuracy! + real!.runs[1]!.validationAccuracy!) / 2;
    expect(cell("validation")).toMatchObject({ type: "value", mean: expect.closeTo(mean, 12) });
  });

  it("has a column for each dataset, and marks what lacks runs", () => {
    const average = fakeAverage(fakeResults({ shots: [4], images: [50] })).results;
    const { columns, lines } = resultsTable(average, choice());
    const titles = ["Shots", "Images", "pets", "cars", "birds", "Mean", "Runs"];
    expect(columns.map(({ title }) => title)).toEqual(titles);
    const partial = lines.filter(({ cells }) => cells[3]?.type === "value" && cells[3].warning === "1 of 3 runs");
    expect(partial.map(({ id }) => id)).toEqual([average.rows[2]!.id]);
    expect(lines[0]?.cells[4]).toEqual({ type: "value", mean: null, std: null, rank: "none" });
    expect(resultsTable(average, choice({ split: "validation" })).columns.length).toBe(4);
  });

  it("gives no mark to a mean that leaves out a dataset which others have", () => {
    const average = fakeAverage(fakeResults({ shots: [4], images: [50] })).results;
    const rankOf = (rows: typeof average.rows) => {
      const cell = resultsTable({ ...average, rows }, choice()).lines[0]?.cells[5];
      return cell?.type === "value" ? cell.rank : undefined;
    };
    const [first, ...others] = average.rows;
    const best = { ...first!, mean: 1 };
    expect(rankOf([best, ...others])).toBe("best");
    expect(rankOf([{ ...best, perDataset: [first!.perDataset![0]!, null, null] }, ...others])).toBe("none");
  });

  it("marks a row that learned from fewer images than it says", () => {
    const rows = results.rows.map((row) => {
      const runs = row.runs.map((run, i) => ({ ...run, syntheticPictures: run.syntheticPictures - i }));
      return row.id === results.rows.at(-1)!.id ? { ...row, runs } : row;
    });
    const { lines } = resultsTable({ ...results, rows }, choice());
    const warned = lines.filter(({ cells }) => cells[1]?.type === "count" && cells[1].warning !== undefined);
    expect(warned.map(({ id }) => id)).toEqual([results.rows.at(-1)!.id]);
    const wanted = 50 * results.dataset.classes.length;
    expect(warned[0]!.cells[1]).toMatchObject({
      count: 50,
      warning: expect.stringContaining(`${wanted - 1} of ${wanted} images`),
    });
  });

  it("leaves out hidden rows and other numbers, and marks the best of what is left", () => {
    const all = resultsTable(results, choice());
    const isBest = ({ cells }: (typeof all.lines)[number]) => cells[2]?.type === "value" && cells[2].rank === "best";
    const best = all.lines.find(isBest)!;
    const without = resultsTable(results, choice({ view: { hidden: [best.id] } }));
    expect(without.lines.some(({ id }) => id === best.id)).toBe(false);
    expect(without.lines.filter(isBest).length).toBeGreaterThan(0);
    const few = resultsTable(results, choice({ view: { hidden: [], shots: 1, images: 10 } }));
    expect(few.lines.map(({ id }) => id)).toContain("zero-shot");
    expect(few.lines.length).toBe(12);
    expect(matchingRows(results, { hidden: ["zero-shot"], shots: 1, images: 10 }).length).toBe(12);
  });

  it("marks the best of each classifier, and shows one alone", () => {
    const several = fakeResults({ shots: [4], images: [50], classifiers: ["clip", "resnet"] }).results;
    const own = differencesOf(several, { reference: undefined, split: "test", computed: undefined });
    const table = resultsTable(several, choice({ differences: own }));
    const at = (id: string) => table.lines.find((line) => line.id === id)!.cells;
    const best = table.lines.filter(({ cells }) => cells.some((cell) => cell.type === "value" && cell.rank === "best"));
    expect(best.map(({ rivals }) => rivals).toSorted()).toEqual(["clip", "resnet"]);
    for (const classifier of ["clip", "resnet"]) {
      expect(at(`${classifier}:real-s4`)[3]).toEqual({ type: "difference", difference: "reference" });
      const row = several.rows.find(({ id }) => id === `${classifier}:loft-s4-n50`)!;
      expect(at(row.id)[3]).toMatchObject({ difference: { basis: "interval", ...row.difference } });
    }
    const alone = resultsTable(several, choice({ view: { hidden: [], classifier: "resnet" } }));
    expect(alone.lines.every(({ title }) => title.startsWith("resnet: "))).toBe(true);
    expect(alone.lines.length).toBe(12);
    expect(matchingRows(several, { hidden: [], classifier: "gone" }).length).toBe(24);
  });

  it("tells the numbers that rows have", () => {
    expect(countsOf(results.rows, "shots")).toEqual([1, 4]);
    expect(countsOf(results.rows, "imagesPerClass")).toEqual([10, 50]);
  });
});

describe("tableNotes", () => {
  const say = (change: Partial<Parameters<typeof tableNotes>[1]>, model = resultsTable(results, choice())) =>
    tableNotes(model, { metric: "accuracy", split: "test", differences: undefined, hasAnswers: true, ...change });

  it("explains marks, deviations and differences", () => {
    const { notes, missing } = say({});
    expect(notes).toEqual([expect.stringMatching(/^Bold: best/), expect.stringMatching(/^±/)]);
    expect(missing).toEqual([]);
    const [reference] = results.rows.filter(({ kind }) => kind === "real");
    const spread = differencesOf(results, { reference: reference!, split: "test", computed: undefined });
    const told = say({ differences: spread, hasAnswers: false }).notes;
    expect(told).toContainEqual(expect.stringContaining("not an interval"));
    expect(told).toContainEqual(expect.stringContaining("cannot be read"));
    expect(say({ split: "validation" }).notes).toContainEqual(expect.stringContaining("chose the training step"));
  });

  it("names missing runs with their reason, and single runs", () => {
    const model = resultsTable(partial, choice());
    const { missing, notes } = say({}, model);
    expect(missing).toEqual([
      "The evaluation has not come to it yet. LoFT, 4 shots, 50 images per class (seeds 1, 2); " +
        "DataDream (dataset) + real, 4 shots, 50 images per class (seeds 1, 2); " +
        "LoFT + real, 4 shots, 50 images per class (seeds 0, 1, 2).",
    ]);
    expect(notes).toContainEqual(expect.stringContaining("raise evaluation.seeds"));
  });

  it("says where less is better", () => {
    expect(say({ metric: "sets" }, setsTable(results)).notes[0]).toBe("Fréchet, Kernel: less is better.");
  });
});

describe("setsTable", () => {
  it("has a line for each method, with copies flagged", () => {
    const { lines, columns } = setsTable(results);
    expect(lines.map(({ title }) => title)).toEqual([
      ...["ClassPrompt", "CaptionPrompt", "DataDream (class)", "DataDream (dataset)", "LoFT"],
    ]);
    const copies = columns.findIndex(({ key }) => key === "copies");
    expect(lines.at(-1)?.cells[copies]).toMatchObject({ count: 2, warning: expect.stringContaining("2 images are") });
    expect(lines[0]?.cells[copies]).toEqual({ type: "count", count: 0 });
    const counts = ["duplicates", "leftOut"].map((name) => columns.findIndex(({ key }) => key === name));
    expect(counts.map((at) => lines[0]?.cells[at])).toEqual([
      { type: "count", count: 1 },
      { type: "count", count: 6 },
    ]);
    const old = results.sets.map(({ duplicates: _duplicates, leftOut: _leftOut, ...set }) => set);
    expect(setsTable({ ...results, sets: old }).columns.length).toBe(columns.length - 2);
    const frechet = columns.findIndex(({ key }) => key === "frechetDistance");
    expect(lines.at(-1)?.cells[frechet]).toMatchObject({ rank: "best" });
    const diversity = columns.findIndex(({ key }) => key === "diversity");
    expect(lines.every(({ cells }) => cells[diversity]?.type === "value" && cells[diversity].rank === "none")).toBe(
      true,
    );
  });
});
