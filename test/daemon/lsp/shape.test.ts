/** Symbols, folding, selection, formatting, links and rename: text in, text out. */
import { describe, expect, it } from "vitest";
import type { DocumentSymbol, SelectionRange } from "vscode-languageserver";
import { documentLinks } from "../../../daemon/lsp/document-links.ts";
import { formatting } from "../../../daemon/lsp/formatting.ts";
import { lazyJsonService } from "../../../daemon/lsp/json-service.ts";
import { documentSymbols, foldingRanges, selectionRanges } from "../../../daemon/lsp/outline.ts";
import { prepareRename, renameClass } from "../../../daemon/lsp/rename-class.ts";
import { analyzed, edited, knownBirds, marked, textIn } from "../../support/config-fixture.ts";

const loadService = lazyJsonService();

describe("symbols", () => {
  it("are keys with values, groups with their keys", () => {
    const analysis = analyzed(
      '{ "seed": 3, "data": { "folder": "p", "classNames": {} }, "adapter": { "targetModules": ["to_q"] }, "": ',
    );
    const outline = (symbols: readonly DocumentSymbol[]): unknown[] =>
      symbols.map(({ name, detail, children }) => [name, detail ?? outline(children ?? [])]);
    expect(outline(documentSymbols(analysis))).toEqual([
      ["seed", "3"],
      [
        "data",
        [
          ["folder", '"p"'],
          ["classNames", []],
        ],
      ],
      ["adapter", [["targetModules", '["to_q"]']]],
      ['""', []],
    ]);
  });
});

describe("folding and selection", () => {
  it("fold groups and comments", async () => {
    const ranges = foldingRanges(
      await loadService(),
      analyzed('{\n  /* a\n  b */\n  "data": {\n    "folder": "p"\n  }\n}'),
    );
    expect(ranges.map(({ startLine, endLine }) => `${startLine} to ${endLine}`).sort()).toEqual([
      "0 to 5",
      "1 to 2",
      "3 to 4",
    ]);
  });

  it("grow from the word outward", async () => {
    const { analysis, position } = marked('{ "data": { "folder": "pho|tos" } }');
    const texts = (range: SelectionRange | undefined): readonly string[] =>
      range === undefined ? [] : [textIn(analysis, range.range), ...texts(range.parent)];
    const [first] = selectionRanges(await loadService(), analysis, [position]);
    expect(texts(first)).toEqual(expect.arrayContaining(["photos", '"photos"', '{ "folder": "photos" }']));
  });
});

describe("formatting", () => {
  it.each([
    ['{"data":{"folder":"p",},// why\n"seed":1}', '{\n  "data": {\n    "folder": "p",\n  }, // why\n  "seed": 1\n}'],
    ['{"name":"🐦"\r\n}', '{\r\n  "name": "🐦"\r\n}'],
    ['{ "seed": 1, /* a', '{\n  "seed": 1, /* a'],
  ])("%j", (text, wanted) => {
    const analysis = analyzed(text);
    expect(edited(analysis, formatting(analysis, { tabSize: 2, insertSpaces: true }))).toBe(wanted);
  });
});

describe("links", () => {
  it("lead to what is there", () => {
    const text =
      '{ "$schema": "../s.json", "model": "m", "data": { "folder": "p", "classNames": { "bird": "x", "none": "y" } } }';
    const analysis = analyzed(text);
    const known = { ...knownBirds, model: { name: "m", state: "ready" as const, folder: "/models/m" } };
    expect(documentLinks(analysis, known).map(({ range, target }) => [textIn(analysis, range), target])).toEqual([
      ["../s.json", "file:///s.json"],
      ["m", "file:///models/m/model_index.json"],
      ["p", "file:///fixture/p"],
      ["bird", "file:///fixture/p/bird/one.jpg"],
    ]);
    expect(documentLinks(analysis, {}).map(({ target }) => target)).toEqual(["file:///s.json"]);
  });
});

describe("rename", () => {
  const renamed = (text: string, name: string) => {
    const { analysis, position } = marked(text);
    const result = renameClass(analysis, position, name);
    if (result === null || "refused" in result) return result;
    return edited(analysis, result.changes?.[analysis.document.uri]);
  };
  const names = (inner: string) => `{ "data": { "folder": "p", "classNames": { ${inner} } } }`;

  it.each([
    [names('"a": "ca|t", "b": "dog"'), 'my "cat"', names('"a": "my \\"cat\\"", "b": "dog"')],
    [names('"|a": "cat", "b": "dog", "a": "x"'), "c", names('"c": "cat", "b": "dog", "c": "x"')],
    [names('"a": "ca|t", "b": "cat"'), "cow", names('"a": "cow", "b": "cow"')],
    [names('"a": "ca|t", "b": "dog"'), "dog", { refused: 'Another class has the name "dog".' }],
    [names('"a": "ca|t"'), " ", { refused: "A class needs a name." }],
    ['{ "name": "bir|ds" }', "x", null],
    [names('"a": "ca|t'), "x", null],
  ])("%s to %s", (text, name, wanted) => {
    expect(renamed(text, name)).toEqual(wanted);
  });

  it("is prepared with the text that stands there", () => {
    const { analysis, position } = marked(names('"🐦": "a\\u0020cat|"'));
    const prepared = prepareRename(analysis, position);
    expect(prepared && [textIn(analysis, prepared.range), prepared.placeholder]).toEqual(["a\\u0020cat", "a cat"]);
  });
});
