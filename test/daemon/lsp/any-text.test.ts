/** No feature throws, whatever the text and wherever the cursor, and every place it names lies in the document. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Range, TextEdit } from "vscode-languageserver";
import { parseConfig } from "../../../daemon/config/parse.ts";
import { type Analysis, analyze } from "../../../daemon/lsp/analysis.ts";
import { codeActions } from "../../../daemon/lsp/code-actions.ts";
import { codeLenses } from "../../../daemon/lsp/code-lens.ts";
import { completion } from "../../../daemon/lsp/completion.ts";
import { definition } from "../../../daemon/lsp/definition.ts";
import { diagnostics } from "../../../daemon/lsp/diagnostics.ts";
import { documentLinks } from "../../../daemon/lsp/document-links.ts";
import { formatting } from "../../../daemon/lsp/formatting.ts";
import { hover } from "../../../daemon/lsp/hover.ts";
import { inlayHints } from "../../../daemon/lsp/inlay-hints.ts";
import { lazyJsonService } from "../../../daemon/lsp/json-service.ts";
import { documentSymbols, foldingRanges, selectionRanges } from "../../../daemon/lsp/outline.ts";
import { prepareRename, renameClass } from "../../../daemon/lsp/rename-class.ts";
import { edited, knownBirds, noFacts, wholeRange } from "../../support/config-fixture.ts";

const loadService = lazyJsonService();

const whole = `{
  // a comment
  "$schema": "./s.json", "extends": "base/b.loft.json",
  "name": "🐦 birds", "model": "loft-mini", "preset": "auto", "sed": 1, "lr": 0.1,
  "data": { "folder": "photos/x", "shots": 4, "classNames": { "bird": "robin", "brd": "x", "bird": "y" } },
  "prompt": { "template": "a {clas} \\u00e9", "captions": "c.txt", "negative": "x" },
  "adapter": { "rank": 9999, "alpha": "2", "targetModules": ["to_q", "to_q"] },
  "training": { "steps": 10, "epochs": 2, "resolution": 65, "warmupSteps": 20, },
  "fusion": { "adaptersPerImage": 3, "weights": { "kind": "fixed", "values": [0.2, 0.1] } },
  "sampling": { "imagesPerClass": 0, "guidanceScale": 1, "scheduler": "dim" }, /* open
  "output": { "folder": "photos/x/y" }`;

const pieces = fc.constantFrom(
  ..."{}[]:,\"'\\/*\n\r\t 0-.eE".split(""),
  "\r\n",
  "🐦",
  "\u0000",
  "\uFEFF",
  "\uD83D",
  "é",
  "//",
  "/*",
  "*/",
  '"data"',
  '"folder"',
  '"classNames"',
  '"model"',
  '"weights"',
  '"kind"',
  '"fixed"',
  '"__proto__"',
  '"constructor"',
  '"training": {',
  '"steps": 1',
  "null",
  "true",
  "NaN",
  '"$schema"',
  '"extends":"b"',
  '"a":',
  "[[[[[[",
  '{"data":{"folder":"p","classNames":{',
);

const soup = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(""));
/** A real configuration, cut off, with something typed into it. */
const halfTyped = fc
  .record({ end: fc.nat(whole.length), at: fc.nat(whole.length), removed: fc.nat(30), inserted: soup })
  .map(({ end, at, removed, inserted }) => {
    const cut = whole.slice(0, end);
    return cut.slice(0, at) + inserted + cut.slice(at + removed);
  });
const deep = fc
  .tuple(fc.constantFrom("[", '{"a":', '{"data":['), fc.integer({ min: 10, max: 3000 }))
  .map(([part, times]) => part.repeat(times));

describe("any text", () => {
  it.each([
    ["a real one, half typed", halfTyped, 150],
    ["a soup of tokens", soup, 150],
    ["deep nesting", deep, 20],
  ])("%s", async (_, texts, numRuns) => {
    const service = await loadService();
    const property = fc.asyncProperty(texts, fc.double({ min: 0, max: 1, noNaN: true }), async (text, share) => {
      const base = { parsed: parseConfig(text) };
      const analysis = analyze("file:///fixture/any.loft.json", 1, text, () => base);
      const position = analysis.document.positionAt(Math.round(share * text.length));
      const at = { start: position, end: position };
      const sources = { facts: noFacts, known: knownBirds, loadService, signal: new AbortController().signal };
      const list = await completion(analysis, position, sources);
      const actions = codeActions(analysis, wholeRange(analysis), { known: knownBirds, schemaReference: "./s.json" });
      const renamed = renameClass(analysis, position, "new name");
      const layout = formatting(analysis, { tabSize: 2, insertSpaces: true });
      const edits = [
        ...actions.map(({ edit }) => edit?.changes?.[analysis.document.uri] ?? []),
        layout,
        ...(renamed !== null && "changes" in renamed ? [renamed.changes?.[analysis.document.uri] ?? []] : []),
        ...list.items.map(({ textEdit, additionalTextEdits }) => [
          textEdit as TextEdit,
          ...(additionalTextEdits ?? []),
        ]),
      ];
      const ranges: readonly (Range | undefined)[] = [
        ...diagnostics(analysis, knownBirds).map(({ range }) => range),
        hover(analysis, position, knownBirds)?.range,
        definition(analysis, position) === null ? undefined : at,
        ...codeLenses(analysis, knownBirds).map(({ range }) => range),
        ...inlayHints(analysis, wholeRange(analysis), knownBirds).map((hint) => ({
          start: hint.position,
          end: hint.position,
        })),
        ...documentLinks(analysis, knownBirds).map(({ range }) => range),
        ...documentSymbols(analysis).flatMap(({ range, selectionRange }) => [range, selectionRange]),
        ...selectionRanges(service, analysis, [position]).map(({ range }) => range),
        prepareRename(analysis, position)?.range ?? at,
        ...edits
          .flat()
          .filter((edit) => edit !== undefined)
          .map(({ range }) => range),
      ];
      for (const range of ranges) if (range !== undefined) expectInside(analysis, range);
      for (const { startLine, endLine } of foldingRanges(service, analysis)) {
        expect(startLine).toBeLessThanOrEqual(endLine);
        expect(endLine).toBeLessThan(analysis.document.lineCount);
      }
      // Edits of one answer must not overlap: applying them would throw.
      for (const group of edits)
        edited(
          analysis,
          group.filter((edit) => edit !== undefined),
        );
      // Layout changes white space only.
      expect(edited(analysis, layout).replace(/\s+/g, "")).toBe(text.replace(/\s+/g, ""));
    });
    await fc.assert(property, { numRuns });
  });
});

function expectInside({ document }: Analysis, { start, end }: Range): void {
  const first = document.offsetAt(start);
  const last = document.offsetAt(end);
  expect(document.positionAt(first)).toEqual(start);
  expect(document.positionAt(last)).toEqual(end);
  expect(first).toBeLessThanOrEqual(last);
}
