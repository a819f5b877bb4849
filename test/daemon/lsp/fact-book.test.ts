/** The book of facts: asked once, remembered, renewed when old, called off when nobody wants it any more. */
import { describe, expect, it } from "vitest";
import type { DataFacts } from "../../../daemon/config/facts.ts";
import { createFactBook } from "../../../daemon/lsp/fact-book.ts";
import type { PlanCost } from "../../../schemas/protocol.ts";
import { analyzed, noFacts } from "../../support/config-fixture.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const emptyFolder: DataFacts = { state: "folder", classes: [], loosePhotos: 0 };

/** A book whose questions about folders are recorded; each is answered when the test says so. */
function recordedBook() {
  const asked: {
    readonly folder: string;
    readonly signal: AbortSignal;
    readonly answer: (facts: DataFacts) => void;
  }[] = [];
  const news: string[] = [];
  const clock = { seconds: 0 };
  const data = (folder: string, signal: AbortSignal) =>
    new Promise<DataFacts>((answer) => asked.push({ folder, signal, answer }));
  const book = createFactBook(
    { ...noFacts, data, model: async (name) => ({ name, state: "ready" }) },
    (uri) => news.push(uri),
    () => clock.seconds,
  );
  return { book, asked, news, clock };
}

const ofFolder = (folder: string) => analyzed(`{ "data": { "folder": "${folder}" } }`);

describe("the book", () => {
  it("asks once, tells the news once, and asks again when the answer is old", async () => {
    const { book, asked, news, clock } = recordedBook();
    const analysis = ofFolder("p");
    book.ask(analysis, 3);
    book.ask(analysis, 3);
    expect(asked.map(({ folder }) => folder)).toEqual(["/fixture/p"]);
    expect(book.known(analysis).data).toBeUndefined();
    asked[0]?.answer(emptyFolder);
    await settled();
    expect(book.known(analysis).data).toEqual(emptyFolder);
    const told = news.length;
    clock.seconds = 2;
    book.ask(analysis, 3);
    expect(asked.length).toBe(1);
    clock.seconds = 4;
    book.ask(analysis, 3);
    asked[1]?.answer({ ...emptyFolder });
    await settled();
    // The same answer is no news.
    expect([asked.length, news.length]).toEqual([2, told]);
  });

  it("calls off what the text names no more, and what was closed", async () => {
    const { book, asked } = recordedBook();
    book.ask(ofFolder("a"), 3);
    book.ask(ofFolder("b"), 3);
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    asked[0]?.answer(emptyFolder);
    await settled();
    expect(book.known(ofFolder("a")).data).toBeUndefined();
    book.forget("file:///fixture/birds.loft.json");
    expect(asked[1]?.signal.aborted).toBe(true);
  });

  it("outlives who cannot answer", async () => {
    const book = createFactBook(
      { ...noFacts, data: () => Promise.reject(new Error("gone")), model: () => Promise.reject(new Error("gone")) },
      () => undefined,
      () => 0,
    );
    book.ask(ofFolder("a"), 0);
    await settled();
    expect(book.known(ofFolder("a"))).toEqual({ memoryBytes: 8e9 });
  });

  it("knows a cost for the values that it was asked for only, and keeps it until there is another", async () => {
    const costs: (PlanCost | undefined)[] = [{ adapters: 1 } as PlanCost, undefined, { adapters: 2 } as PlanCost];
    const news: string[] = [];
    const facts = { ...noFacts, cost: async () => costs.shift() };
    const book = createFactBook(
      facts,
      (uri) => news.push(uri),
      () => 0,
    );
    const analysis = ofFolder("a");
    const other = analyzed('{ "data": { "folder": "a" }, "seed": 2 }');
    book.ask(analysis, 0);
    book.askCost(analysis);
    await settled();
    expect(book.known(analysis).cost).toEqual({ plan: { adapters: 1 }, isCurrent: true });
    expect(book.known(other).cost?.isCurrent).toBe(false);
    // Comments and layout change nothing.
    expect(book.known(analyzed('{ "data": { "folder": "a", } } // same')).cost?.isCurrent).toBe(true);
    book.askCost(other);
    await settled();
    expect(book.known(analysis).cost).toEqual({ plan: { adapters: 1 }, isCurrent: true });
    book.askCost(other);
    await settled();
    expect(book.known(other).cost).toEqual({ plan: { adapters: 2 }, isCurrent: true });
  });
});
