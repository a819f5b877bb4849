/** Inlay hints: the text with the hints written into it. */
import { describe, expect, it } from "vitest";
import { inlayHints } from "../../../daemon/lsp/inlay-hints.ts";
import type { KnownFacts } from "../../../daemon/lsp/known-facts.ts";
import { analyzed, edited, knownBirds, wholeRange } from "../../support/config-fixture.ts";

function hinted(text: string, known: KnownFacts): string {
  const analysis = analyzed(text);
  const hints = inlayHints(analysis, wholeRange(analysis), known);
  return edited(
    analysis,
    hints.map(({ position, label }) => ({ range: { start: position, end: position }, newText: `«${label}»` })),
  );
}

describe("hints", () => {
  it.each<readonly [string, KnownFacts, string]>([
    [
      '{ "model": "loft-mini", "preset": "auto", "data": { "folder": "p", "shots": 4 } }',
      knownBirds,
      '{ "model": "loft-mini"«64 px», "preset": "auto"«loft-mini», "data": { "folder": "p"«2 classes, 8 photos», "shots": 4«7 adapters» } }',
    ],
    [
      '{ "data": { "folder": "p" }, "sampling": { "imagesPerClass": 50, "guidanceScale": 1 } }',
      knownBirds,
      '{ "data": { "folder": "p"«2 classes, 8 photos» }, "sampling": { "imagesPerClass": 50«100 images», "guidanceScale": 1«guidance off» }«steps 20, scheduler ddim, batchSize 8» }',
    ],
    [
      '{ "data": { "folder": "p" }, "adapter": { "alpha": 4 } }',
      {},
      '{ "data": { "folder": "p" }, "adapter": { "alpha": 4«scale 0.5» }«rank 8, targetModules 4 of them, textEncoder false» }',
    ],
    ['{ "adapter": { "rank": 1', {}, '{ "adapter": { "rank": 1'],
    [
      '{ "data": { "folder": "p" }, "fusion": {} }',
      {},
      '{ "data": { "folder": "p" }, "fusion": {}«adaptersPerImage 2, weights fixed» }',
    ],
  ])("%s", (text, known, wanted) => {
    expect(hinted(text, known)).toBe(wanted);
  });

  it("list every value of the preset with its source in the tooltip", () => {
    const analysis = analyzed('{ "data": { "folder": "p" }, "preset": "paper", "training": { "steps": 10 } }');
    const [hint] = inlayHints(analysis, wholeRange(analysis), {});
    expect(hint?.label).toMatch(/^learningRate 0\.001, .*, \d+ more$/);
    expect(JSON.stringify(hint?.tooltip)).toContain("`learningRate`: `0.001`, LoFT code");
  });

  it("keep to the lines that were asked for", () => {
    const analysis = analyzed('{\n"data": { "folder": "p",\n"shots": 2 }\n}');
    const line = { start: { line: 2, character: 0 }, end: { line: 2, character: 99 } };
    expect(inlayHints(analysis, line, knownBirds).map(({ label }) => label)).toEqual(["4 adapters"]);
  });
});
