/** Quick fixes: the text with the cursor in, the fixes' titles and the mended text out. */
import { describe, expect, it } from "vitest";
import { codeActions } from "../../../daemon/lsp/code-actions.ts";
import type { KnownFacts } from "../../../daemon/lsp/known-facts.ts";
import { edited, knownBirds, marked } from "../../support/config-fixture.ts";

function fixesAt(text: string, known: KnownFacts = {}, schemaReference?: string) {
  const { analysis, position } = marked(text);
  const actions = codeActions(analysis, { start: position, end: position }, { known, schemaReference });
  return actions.map(({ title, edit }) => [title, edited(analysis, edit?.changes?.[analysis.document.uri])]);
}

const data = '"data": { "folder": "p" }';

describe("fixes", () => {
  it.each([
    [
      `{ "s|ed": 3, ${data} }`,
      [
        ['Change to "seed"', `{ "seed": 3, ${data} }`],
        ['Remove "sed"', `{ ${data} }`],
      ],
    ],
    [
      `{ ${data}, "l|r": 0.1 }`,
      [
        ["Move to training.learningRate", `{ ${data}, "training": { "learningRate": 0.1 } }`],
        ['Remove "lr"', `{ ${data} }`],
      ],
    ],
    [`{ ${data}, "m|ethod": 1 }`, []],
    [`{ ${data}, "method": "lo|t" }`, [['Change to "loft"', `{ ${data}, "method": "loft" }`]]],
    [`{ ${data}, "seed": "3|" }`, [["Change to 3", `{ ${data}, "seed": 3 }`]]],
    [
      `{ ${data}, "output": { "stripMetadata": Tr|ue } }`,
      [["Change to true", `{ ${data}, "output": { "stripMetadata": true } }`]],
    ],
    [
      `{\n  ${data},\n  "seed": 1,\n  "se|ed": 2 // again\n}`,
      [['Remove "seed"', `{\n  ${data},\n  "seed": 1 // again\n}`]],
    ],
    ["{|\n}", [['Add "data"', '{\n  "data": { "folder": "photos" }\n}']]],
    [`{ "data": |{} }`, [['Add "folder"', '{ "data": { "folder": "photos" } }']]],
    [
      '{\n\t"data": |{\n\t\t"shots": 1 // few\n\t}\n}',
      [['Add "folder"', '{\n\t"data": {\n\t\t"shots": 1, // few\n\t\t"folder": "photos"\n\t}\n}']],
    ],
    [`{ "data": |{ "shots": 1, } }`, [['Add "folder"', '{ "data": { "shots": 1, "folder": "photos", } }']]],
    [
      `{ ${data}, "fusion": { "weights": { "kind": "fixed", "values": |[0.3, 0.1] } } }`,
      [
        [
          "Make the weights sum to 1",
          `{ ${data}, "fusion": { "weights": { "kind": "fixed", "values": [0.75, 0.25] } } }`,
        ],
      ],
    ],
    [
      `{ ${data}, "training": { "resolution": 6|5 } }`,
      [["Change to 64", `{ ${data}, "training": { "resolution": 64 } }`]],
    ],
  ])("%s", (text, wanted) => {
    expect(fixesAt(text)).toEqual(wanted);
  });

  it("of the disk's problems", () => {
    const named = '{ "data": { "folder": "p", "classNames": { "br|d": "x" } } }';
    expect(fixesAt(named, knownBirds)).toEqual([
      ['Change to "bird"', '{ "data": { "folder": "p", "classNames": { "bird": "x" } } }'],
      ['Remove "brd"', '{ "data": { "folder": "p", "classNames": { } } }'],
    ]);
    expect(fixesAt('{ "data": { "folder": "p", "shots": 4| } }', knownBirds)).toEqual([
      ["Use all photos of each class", '{ "data": { "folder": "p", "shots": null } }'],
    ]);
    expect(fixesAt('{ "data": { "folder": "fotos|" } }', { data: { state: "missing", similar: "photos" } })).toEqual([
      ['Change to "photos"', '{ "data": { "folder": "photos" } }'],
    ]);
  });

  it("never put a suggestion in place of a bracket", () => {
    const known: KnownFacts = { model: { name: "m", state: "ready", side: 640, stride: 8, narrowestLayer: 2 } };
    expect(fixesAt(`|{ ${data} }`, known)).toEqual([]);
  });
});

describe("the schema's line", () => {
  it.each([
    [`{| ${data} }`, `{ "$schema": "./s.json", ${data} }`],
    [`{|\r\n  ${data}\r\n}`, `{\r\n  "$schema": "./s.json",\r\n  ${data}\r\n}`],
  ])("%s", (text, wanted) => {
    expect(fixesAt(text, {}, "./s.json")).toEqual([["Add the $schema line", wanted]]);
  });

  it("is not offered twice", () => {
    expect(fixesAt(`{| "$schema": "x", ${data} }`, {}, "./s.json")).toEqual([]);
  });
});
