/** Only what the two sides agreed on passes, and a file that cannot be shown says why. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readResultsFile,
  readResultsHostMessage,
  readResultsPageMessage,
  readResultsPageState,
  readResultsResult,
} from "../../../webviews/results/protocol.ts";

const row = {
  id: "real-s2",
  title: "Real photos only",
  kind: "real",
  method: null,
  shots: 2,
  imagesPerClass: null,
  runs: [
    {
      ...{ seed: 0, task: "t", accuracy: 0.5, validationAccuracy: null, step: 3 },
      ...{ realPictures: 4, syntheticPictures: 0 },
    },
  ],
  missing: [{ seed: 1, reason: "Not yet." }],
  mean: 0.5,
  std: null,
  perClass: [0, 1],
  confusion: [
    [0, 1],
    [0, 1],
  ],
  calibrationError: 0.1,
  difference: null,
};

const results = {
  formatVersion: 1,
  name: "r",
  partial: true,
  dataset: { classes: ["cat", "dog"], photos: 4, test: 2, validation: null },
  reference: "real-s2",
  rows: [row],
  sets: [],
  warnings: [{ what: "w", fix: "f" }],
  classifier: { name: "clip", sha256: "0", steps: 4, batchSize: 2, learningRate: 0.001 },
  model: { name: "m", sha256: "0" },
  versions: {},
  configHash: "0",
};

const error = { code: "c", what: "w", fix: "f" };

function ask(name: string, params: unknown, id: unknown = 1) {
  return { type: "request", id, name, params };
}

describe("readResultsFile", () => {
  it("takes results, also with members that it does not know", () => {
    expect(readResultsFile(JSON.stringify(results))).toEqual({ results });
    const more = { ...results, later: 1, rows: [{ ...row, later: [] }] };
    expect(readResultsFile(JSON.stringify(more))).toEqual({ results: more });
    expect(readResultsFile(JSON.stringify({ ...results, rows: [], reference: null }))).toHaveProperty("results");
  });

  it("takes what newer evaluations add, and refuses it when it is broken", () => {
    const cell = { mean: 0.5, std: null, runs: 1, missing: 0 };
    const dataset = { name: "pets", results: null, partial: true, problem: { what: "w", fix: "f" } };
    const average = { ...results, datasets: [dataset], rows: [{ ...row, perDataset: [cell] }] };
    expect(readResultsFile(JSON.stringify(average))).toEqual({ results: average });
    for (const perDataset of [[cell, cell], [{ ...cell, mean: 2 }], "none"]) {
      const broken = { ...average, rows: [{ ...row, perDataset }] };
      expect(readResultsFile(JSON.stringify(broken))).toHaveProperty("error");
    }
    expect(readResultsFile(JSON.stringify({ ...average, datasets: [{ name: "pets" }] }))).toHaveProperty("error");
  });

  it("tells a newer version from a broken file", () => {
    const newer = readResultsFile(JSON.stringify({ formatVersion: 2, anything: true }));
    expect(newer).toMatchObject({ error: { code: "results-newer", what: expect.stringContaining("version 2") } });
    for (const text of ["", "{", "[]", "null", "3", '{"formatVersion":"1"}', '{"formatVersion":1}']) {
      expect(readResultsFile(text), text).toMatchObject({ error: { code: "results-corrupt" } });
    }
  });

  it.each([
    { rows: [{ ...row, mean: 2 }] },
    { rows: [{ ...row, kind: "other" }] },
    { rows: [{ ...row, perClass: [1] }] },
    { rows: [{ ...row, confusion: [[1], [1, 0]] }] },
    { rows: [{ ...row, confusion: [[1, -1]] }] },
    { rows: [row, row] },
    { rows: [{ ...row, difference: { difference: 0.1, low: 0, high: "1", confidence: 0.95 } }] },
    { dataset: { ...results.dataset, classes: "cat" } },
    { warnings: ["w"] },
    { sets: [{ method: "loft" }] },
    { partial: "no" },
  ])("refuses %j", (change) => {
    expect(readResultsFile(JSON.stringify({ ...results, ...change }))).toMatchObject({
      error: { code: "results-corrupt" },
    });
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.json(), (text) => "error" in readResultsFile(text)));
  });
});

describe("readResultsPageMessage", () => {
  const pictures = { row: "real-s2", label: 0, predicted: 1, offset: 0, count: 200 };
  it.each([
    { type: "ready" },
    ask("pictures", pictures),
    ask("pictures", { ...pictures, predicted: null }),
    ask("sets", { classIndex: 3, count: 24 }),
    ask("hits", {}),
    ask("openImage", { uri: "https://x/y.png" }),
    ask("copy", { format: "latex", text: "\\pm" }),
    ask("openText", {}),
  ])("takes %j", (message) => {
    expect(readResultsPageMessage(message)).toBe(message);
  });

  it.each([
    null,
    "ready",
    ask("toString", {}),
    ask("hits", []),
    ask("hits", { run: 1 }),
    ask("hits", {}, -1),
    ask("pictures", { ...pictures, count: 201 }),
    ask("pictures", { ...pictures, count: 0 }),
    ask("pictures", { ...pictures, label: -1 }),
    ask("pictures", { ...pictures, predicted: "1" }),
    ask("copy", { format: "html", text: "" }),
    ask("copy", { format: "csv", text: 3 }),
    ask("openImage", {}),
  ])("refuses %j", (message) => {
    expect(readResultsPageMessage(message)).toBeUndefined();
  });
});

describe("readResultsHostMessage", () => {
  it.each([
    { type: "results", results },
    { type: "results", results, live: { text: "Training", share: 0.5 } },
    { type: "live", live: null },
    { type: "live", live: { text: "Training", share: null } },
    { type: "unreadable", error },
    { type: "response", id: 1, result: null },
    { type: "failure", id: 1, error },
  ])("takes %j", (message) => {
    expect(readResultsHostMessage(message)).toBe(message);
  });

  it.each([
    { type: "results", results: { ...results, formatVersion: 2 } },
    { type: "results", results, live: { text: "Training", share: 2 } },
    { type: "live" },
    { type: "unreadable", error: { what: "w" } },
    { type: "response" },
  ])("refuses %j", (message) => {
    expect(readResultsHostMessage(message)).toBeUndefined();
  });
});

describe("readResultsResult", () => {
  const picture = { uri: "u", name: "cat/0.png", predicted: 1, probability: 0.9, runs: 2 };
  it("checks each result against its request", () => {
    expect(readResultsResult("pictures", { total: 1, pictures: [picture] })).toBeDefined();
    expect(readResultsResult("pictures", { total: 1, pictures: [{ ...picture, uri: null }] })).toBeDefined();
    expect(readResultsResult("pictures", { total: 1, pictures: [{ ...picture, probability: 2 }] })).toBeUndefined();
    const set = { method: null, total: 3, pictures: [{ uri: "u", name: "a.png" }] };
    expect(readResultsResult("sets", { sets: [set, { ...set, method: "loft" }] })).toBeDefined();
    expect(readResultsResult("hits", { rows: [{ row: "a", seed: 0, hits: "0110" }] })).toBeDefined();
    expect(readResultsResult("hits", { rows: [{ row: "a", seed: 0, hits: "012" }] })).toBeUndefined();
    expect(readResultsResult("copy", null)).toBeNull();
    expect(readResultsResult("copy", {})).toBeUndefined();
  });
});

describe("readResultsPageState", () => {
  const state = { tab: "table", metric: "accuracy", split: "test", hidden: [] };
  it("takes its own state only", () => {
    expect(readResultsPageState(state)).toBe(state);
    const full = {
      ...state,
      sort: { column: "mean", isFalling: true },
      reference: "r",
      cell: { label: 0, predicted: 1 },
    };
    expect(readResultsPageState(full)).toBe(full);
    for (const change of [{ tab: "x" }, { metric: 1 }, { hidden: [1] }, { sort: { column: "mean" } }]) {
      expect(readResultsPageState({ ...state, ...change })).toBeUndefined();
    }
    expect(readResultsPageState(undefined)).toBeUndefined();
  });
});
