/** Only what the two sides agreed on passes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readHostMessage,
  readPageEvents,
  readPageMessage,
  readPageState,
  readResult,
} from "../../../webviews/samples/protocol.ts";

const run = { run: "0123456789abcdef", name: "r", folder: "/f", state: "running", work: "generate", sequence: 0 };
const snapshot = { type: "snapshot", sequence: 0, run, classes: [], base: "https://x", canResume: false };
const error = { code: "c", what: "w", fix: "f" };

function ask(name: string, params: unknown, id: unknown = 1) {
  return { type: "request", id, name, params };
}

describe("readPageMessage", () => {
  it.each([
    { type: "ready" },
    ask("samples", { offset: 0, limit: 1000 }),
    ask("samples", { offset: 2000, limit: 1, className: "Katze 🐈" }),
    ask("losses", {}),
    ask("fuse", { className: "cat", adapters: [{ adapterId: "a", weight: 1 }], seed: 3 }),
    ask("curate", { file: "data/train/cat/000001.png", verdict: null }),
    ask("curate", { file: "data/train/über cat/1.png", verdict: "keep" }),
    ask("cancel", {}),
  ])("takes %j", (message) => {
    expect(readPageMessage(message)).toBe(message);
  });

  it.each([
    null,
    "ready",
    [],
    { type: "unready" },
    ask("deleteRun", {}),
    ask("toString", {}),
    ask("__proto__", {}),
    ask("losses", {}, "1"),
    ask("losses", {}, -1),
    ask("losses", { run: "0123456789abcdef" }),
    ask("samples", { offset: 0, limit: 1001 }),
    ask("samples", { offset: 0, limit: 0 }),
    ask("samples", { offset: -1, limit: 5 }),
    ask("fuse", { className: "cat", adapters: [{ adapterId: "a", weight: Number.NaN }], seed: 3 }),
    ask("fuse", { className: "cat", adapters: [], seed: 1.5 }),
    ask("curate", { file: "data/1.png", verdict: "maybe" }),
    ask("replay", { file: 3 }),
    ...["../secret", "/etc/passwd", "a/../../b", "C:/x", "a\\b", "file:///x", "", "a//b", "a/\u0000b", "./a"].map(
      (file) => ask("openImage", { file }),
    ),
  ])("refuses %j", (message) => {
    expect(readPageMessage(message)).toBeUndefined();
  });
});

describe("readHostMessage", () => {
  it.each([
    snapshot,
    { ...snapshot, run: { ...run, fromTheFuture: 1 } },
    { type: "run", run, canResume: true },
    { type: "events", sequence: 4, events: [{ type: "anything" }] },
    { type: "problem", error },
    { type: "problem", error: null },
    { type: "show", tab: "pairs" },
    { type: "response", id: 1, result: null },
    { type: "failure", id: 1, error },
  ])("takes %j", (message) => {
    expect(readHostMessage(message)).toBe(message);
  });

  it.each([
    undefined,
    { type: "constructor" },
    { type: "response", id: 1 },
    { ...snapshot, run: { ...run, run: "../x" } },
    { ...snapshot, run: { ...run, state: "exploded" } },
    { ...snapshot, run: { ...run, progress: { share: Number.NaN } } },
    { type: "show", tab: "pairs", file: "../x" },
    { type: "failure", id: 1, error: "no" },
  ])("refuses %j", (message) => {
    expect(readHostMessage(message)).toBeUndefined();
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        readHostMessage(value);
        readPageMessage(value);
        readPageState(value);
        readResult("samples", value);
        readPageEvents([value]);
      }),
    );
  });
});

describe("readResult", () => {
  const sample = {
    file: "data/1.png",
    className: "cat",
    index: 0,
    prompt: "",
    negativePrompt: "",
    seed: 1,
    parents: [{ adapterId: "a", weight: 0.5, photo: "p.png", photoFile: "photos/p.png" }],
    side: 64,
  };

  it.each([
    { name: "samples", result: { total: 1, samples: [sample] } },
    { name: "samples", result: { total: 1, samples: [{ ...sample, verdict: "keep" }] } },
    {
      name: "losses",
      result: { curves: [{ adapterId: "a", className: "c", photo: "p", points: [{ step: 1, loss: 0 }] }] },
    },
    { name: "fuse", result: { png: "iVBORw0KGgo=", side: 64, seconds: 1 } },
    { name: "curate", result: null },
  ] as const)("takes $name", ({ name, result }) => {
    expect(readResult(name, result)).toBe(result);
  });

  it.each([
    { name: "samples", result: { total: 1, samples: [{ ...sample, verdict: "perhaps" }] } },
    { name: "samples", result: { total: 1, samples: [{ ...sample, file: "../../x.png" }] } },
    { name: "fuse", result: { png: "<svg onload=1>", side: 64, seconds: 1 } },
    { name: "curate", result: undefined },
  ] as const)("refuses $name", ({ name, result }) => {
    expect(readResult(name, result)).toBeUndefined();
  });
});

describe("readPageState", () => {
  const state = { run: run.run, tab: "training", verdict: "all", thumbnail: 96 };

  it("takes a state of this version", () => {
    expect(readPageState({ ...state, selected: "data/1.png", className: "cat" })).toMatchObject(state);
  });

  it.each([null, {}, { ...state, run: "/etc" }, { ...state, tab: "secrets" }, { ...state, selected: "/x" }])(
    "refuses %j",
    (value) => {
      expect(readPageState(value)).toBeUndefined();
    },
  );
});
