/** Hover: what is said of the thing under the cursor. */
import { describe, expect, it } from "vitest";
import type { MarkupContent } from "vscode-languageserver";
import { hover } from "../../../daemon/lsp/hover.ts";
import { knownBirds, marked, textIn } from "../../support/config-fixture.ts";

function hoverAt(text: string): { readonly over: string; readonly says: string } | null {
  const { analysis, position } = marked(text);
  const found = hover(analysis, position, knownBirds);
  if (found?.range === undefined) return null;
  return { over: textIn(analysis, found.range), says: (found.contents as MarkupContent).value };
}

describe("over a field", () => {
  it("tells meaning, unit, limits, value, origin, defaults, official code", () => {
    const found = hoverAt('{ "data": { "folder": "p" }, "training": { "st|eps": 40 } }');
    expect(found?.over).toBe('"steps"');
    expect(found?.says).toMatch(/^\*\*Steps\*\* `training\.steps` · steps, at least 1, at most 1000000\n\n/);
    expect(found?.says).toContain("Official code: 600");
    expect(found?.says).toContain("Here: `40`, from this file");
    expect(found?.says).toContain("Default: `600` (preset paper), `300` (preset loft-mini)");
  });

  it.each([
    ['{ "data": { "folder": "p" }, "adapter": { "rank|": 8 } }', "**Rank** `adapter.rank` · at least 1, at most 1024"],
    ['{ "method": "lo|ft" }', '- `"loft"`: One adapter per real photo'],
    ['{ "data": { "folder": "p" }, "pre|set": "auto" }', 'Here: `"loft-mini"`, from the default, picked by the model'],
    ['{ "data": { "folder": "p|" } }', "| apple\\_pie | 5 |\n| bird | 3 |"],
    ['{ "model": "loft-mini|" }', "Small · 64 px · license MIT"],
    ['{ "data": { "folder": "p", "classNames": { "ap|ple_pie": "apple pie" } } }', "Prompt: a photo of a apple pie"],
    ['{ "data": { "folder": "p" }, "prompt": { "template": "one {cl|ass}" } }', "- one apple\\_pie\n- one bird"],
    ['{ "fusion": { "weights": { "kind": "dirichlet", "al|pha": 2 } } }', "**Concentration** `fusion.weights.alpha`"],
    ['{ "adapter": { "targetModules": ["to_q", "to|_v"] } }', "**Target modules** `adapter.targetModules`"],
    ['{ "name": "🐦🐦", "se|ed": 3, ', "**Seed** `seed`"],
  ])("%s", (text, part) => {
    expect(hoverAt(text)?.says).toContain(part);
  });

  it("names the values of the method that the file asks for", () => {
    const found = hoverAt('{ "data": { "folder": "p" }, "method": "datadream-class", "adapter": { "ra|nk": 1 } }');
    expect(found?.says).not.toContain("Default: `2` (preset paper)");
    expect(found?.says).toContain("(preset paper)");
  });
});

describe("over nothing", () => {
  it.each(["|", "{ | }", '{ "unknown|": 1 }', '{ "data": {|} }', "// no|te\n{}"])("%s", (text) => {
    expect(hoverAt(text)).toBeNull();
  });
});
