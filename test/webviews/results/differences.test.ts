/** What stands behind a difference: the file's interval, one computed here as the daemon computes it, or a spread. */
import { describe, expect, it } from "vitest";
import { bootstrapDifferences } from "../../../daemon/eval/bootstrap.ts";
import type { ResultRow } from "../../../schemas/results.ts";
import { differencesOf, meanAndStd } from "../../../webviews/results/differences.ts";
import { IntervalComputer } from "../../../webviews/results/interval-computer.ts";
import { bootstrapInterval, pairHits } from "../../../webviews/results/paired-bootstrap.ts";
import { fakeResults } from "../support/fake-results.ts";
import { hitsOf } from "../support/fake-results-host.ts";

const shown = fakeResults({ shots: [4], images: [50], validation: true });
const { results } = shown;
const hits = hitsOf(shown);

function row(id: string): ResultRow {
  return results.rows.find((each) => each.id === id)!;
}

const real = row("real-s4");
const loft = row("loft-s4-n50");
const zero = row("zero-shot");

describe("differencesOf", () => {
  it("takes the file's intervals for the file's reference", () => {
    const { basis, byRow } = differencesOf(results, { reference: real, split: "test", computed: undefined });
    expect(basis).toBe("file");
    expect(byRow.get(loft.id)).toEqual({ basis: "interval", ...loft.difference });
    expect(byRow.has(real.id)).toBe(false);
  });

  it("takes computed intervals for another, and tells what is still to come and what has none", () => {
    const interval = { difference: 0.1, low: 0, high: 0.2, confidence: 0.95 };
    const computed = new Map([
      [real.id, interval],
      [zero.id, null],
    ]);
    const found = differencesOf(results, { reference: loft, split: "test", computed });
    expect(found.basis).toBe("computed");
    expect(found.byRow.get(real.id)).toEqual({ basis: "interval", ...interval });
    expect(found.byRow.has(zero.id)).toBe(false);
    expect(found.waiting.has(zero.id)).toBe(false);
    expect(found.waiting.has("class-prompt-s4-n50")).toBe(true);
    expect(found.waiting.has(loft.id)).toBe(false);
  });

  it.each(["test", "validation"] as const)("falls back to the spread over seeds, on %s pictures", (split) => {
    const { basis, byRow } = differencesOf(results, { reference: loft, split, computed: undefined });
    expect(basis).toBe("spread");
    const name = split === "test" ? "accuracy" : "validationAccuracy";
    const gaps = real.runs.map((run, i) => run[name]! - loft.runs[i]![name]!);
    const { mean, std } = meanAndStd(gaps);
    expect(byRow.get(real.id)).toEqual({ basis: "spread", difference: mean, std });
    // Zero-shot has one answer, which stands against each training.
    expect(byRow.get(zero.id)).toMatchObject({ basis: "spread", std: expect.any(Number) });
  });

  it.each(["test", "validation"] as const)(
    "measures rows from one of their own classifier, on %s pictures",
    (split) => {
      const options = { shots: [4], images: [50], validation: true, classifiers: ["clip", "resnet"] };
      const several = fakeResults(options).results;
      const found = differencesOf(several, { reference: undefined, split, computed: undefined });
      expect([...found.references]).toEqual(["clip:real-s4", "resnet:real-s4"]);
      expect(found.basis).toBe(split === "test" ? "file" : "spread");
      const [own, base] = ["resnet:loft-s4-n50", "resnet:real-s4"].map(
        (id) => several.rows.find((each) => each.id === id)!,
      );
      const name = split === "test" ? "accuracy" : "validationAccuracy";
      const gap = meanAndStd(own!.runs.map((run, i) => run[name]! - base!.runs[i]![name]!)).mean!;
      expect(found.byRow.get(own!.id)!.difference).toBeCloseTo(gap, 12);
      const chosen = differencesOf(several, { reference: own!, split: "test", computed: undefined });
      expect([...chosen.references]).toEqual([own!.id]);
      expect(chosen.byRow.has("clip:real-s4")).toBe(true);
    },
  );

  it("has nothing for a row without runs of the same seeds", () => {
    const other = { ...loft, id: "other", runs: loft.runs.map((run) => ({ ...run, seed: run.seed + 10 })) };
    const rows = [...results.rows, other];
    const source = { reference: loft, split: "test", computed: undefined } as const;
    expect(differencesOf({ ...results, rows }, source).byRow.has("other")).toBe(false);
  });
});

describe("the interval computed here", () => {
  it.each([loft, zero])("is that of the daemon but for the draws: $id", (own) => {
    const pairs = pairHits(own, real, hits);
    expect(pairs.length).toBe(3);
    const found = bootstrapInterval(pairs);
    const flags = (text: string) => [...text].map((hit) => hit === "1");
    const paired = { left: pairs.map(({ left }) => flags(left)), right: pairs.map(({ right }) => flags(right)) };
    const expected = bootstrapDifferences([[paired]])[0]!;
    expect(found.difference).toBeCloseTo(expected.difference, 12);
    expect(Math.abs(found.low - expected.low)).toBeLessThan(0.012);
    expect(Math.abs(found.high - expected.high)).toBeLessThan(0.012);
    expect(bootstrapInterval(pairs)).toEqual(found);
  });

  it("turns round with the rows", () => {
    const there = bootstrapInterval(pairHits(loft, real, hits));
    const back = bootstrapInterval(pairHits(real, loft, hits));
    expect(back.difference).toBeCloseTo(-there.difference, 12);
    expect(Math.abs(back.low + there.high)).toBeLessThan(0.012);
  });

  it("compares only the same seeds and the same pictures", () => {
    expect(pairHits(loft, real, [])).toEqual([]);
    const short = hits.map((each) => (each.row === real.id ? { ...each, hits: each.hits.slice(1) } : each));
    expect(pairHits(loft, real, short)).toEqual([]);
    expect(
      pairHits(
        loft,
        real,
        hits.filter(({ seed }) => seed !== 1),
      ).length,
    ).toBe(2);
  });

  it("is computed a row at a time, for every row", async () => {
    let changes = 0;
    await new Promise<void>((resolve) => {
      const computer = new IntervalComputer(results.rows, {
        reference: loft,
        hits: hits.filter(({ row: id }) => id !== zero.id),
        changed: () => {
          changes += 1;
          expect(computer.found.size).toBe(changes);
          if (changes < results.rows.length - 1) return;
          expect(computer.found.get(zero.id)).toBeNull();
          expect(computer.found.get(real.id)?.difference).toBeCloseTo(-loft.difference!.difference, 12);
          resolve();
        },
      });
    });
  });
});
