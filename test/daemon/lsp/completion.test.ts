/** Completion: the text with the cursor in, the offered labels or the completed text out. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { CompletionItem } from "vscode-languageserver";
import { configFacts } from "../../../daemon/jobs/config-facts.ts";
import { completion } from "../../../daemon/lsp/completion.ts";
import { lazyJsonService } from "../../../daemon/lsp/json-service.ts";
import { withoutSnippet } from "../../../daemon/lsp/snippet.ts";
import { completed, knownBirds, type Marked, marked, noFacts } from "../../support/config-fixture.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const loadService = lazyJsonService();

async function itemsAt({ analysis, position }: Marked, facts = noFacts): Promise<readonly CompletionItem[]> {
  const sources = { facts, known: knownBirds, loadService, signal: new AbortController().signal };
  return (await completion(analysis, position, sources)).items;
}

async function labelsAt(text: string): Promise<readonly string[]> {
  const items = await itemsAt(marked(text));
  return [...items]
    .sort((left, right) => ((left.sortText ?? "") < (right.sortText ?? "") ? -1 : 1))
    .map(({ label }) => label);
}

describe("labels", () => {
  it.each([
    ['{ "data": { "folder": "photos", | } }', ["shots", "classNames"]],
    ['{ "method": | }', ['"loft"', '"datadream-class"', '"datadream-dataset"', '"class-prompt"', '"caption-prompt"']],
    ['{ "prompt": { "|" } }', ["template", "domain", "negative", "captions"]],
    ['{ "prompt": { "te|', ["template", "domain", "negative", "captions"]],
    ['{ "sampling": { "steps": | } }', ["20", "50"]],
    ['{ "training": { "resolution": | } }', ["64", "512", "null"]],
    ['{ "output": { "stripMetadata": | } }', ["false", "true"]],
    ['{ "evaluation": { "classifier": ["resnet", |] } }', ['"loft-mini-clip"', '"resnet"']],
    ['{ "fusion": { "weights": { "kind": "dirichlet", | } } }', ["alpha"]],
    ['{ "data": { "classNames": { | } } }', ["apple_pie", "bird"]],
    ['{ "data": { "classNames": { "bird": "robin", "|" } } }', ["apple_pie"]],
    ['{ "data": { "classNames": { "apple_pie": | } } }', ["apple pie"]],
    ['{ "model": "loft-mini" // what | now\n}', []],
    ['{ /* | */ "model": "loft-mini" }', []],
  ])("%s", async (text, wanted) => {
    expect(await labelsAt(text)).toEqual(wanted);
  });

  it("are the fields in the schema's order", async () => {
    const labels = await labelsAt('{\n  "seed": 1,\n  |\n}');
    expect(labels.slice(0, 6)).toEqual(["$schema", "extends", "name", "model", "method", "preset"]);
  });
});

describe("the completed text", () => {
  it.each([
    ['{ "data": { "folder": "p", | } }', "shots", '{ "data": { "folder": "p", "shots": ‹1:null› } }'],
    ['{ "training": { "ste|" } }', "steps", '{ "training": { "steps": ‹1:300› } }'],
    ['{ "preset": "paper", "training": { | } }', "steps", '{ "preset": "paper", "training": { "steps": ‹1:600› } }'],
    [
      "{ | }",
      "LoFT: new configuration",
      '{\n  "\\$schema": "./loft.schema.json",\n  "name": "‹2:birds›",\n  "data": { "folder": "‹1:photos›" }\n}\n',
    ],
    ['{ "method": "lo|" }', '"loft"', '{ "method": "loft" }'],
    [
      '{ "data": { "classNames": { | } } }',
      "apple_pie",
      '{ "data": { "classNames": { "apple_pie": "‹1:apple pie›" } } }',
    ],
    ['{ "data": { "classNames": { "|": "x" } } }', "bird", '{ "data": { "classNames": { "bird": "x" } } }'],
    [
      '{ "data": { "classNames": { |"bird": "x" } } }',
      "apple_pie",
      '{ "data": { "classNames": { "apple_pie": "‹1:apple pie›","bird": "x" } } }',
    ],
    ['{ "sampling": { "steps": 1|2 } }', "50", '{ "sampling": { "steps": 50 } }'],
    [
      '{ "adapter": { "targetModules": | } }',
      '["to_q", "to_v"]',
      '{ "adapter": { "targetModules": ["to_q", "to_v"] } }',
    ],
    ['{ "name": "🐦🐦", "data|" }', "data", '{ "name": "🐦🐦", "data": { "folder": "$1" } }'],
  ])("%s with %s", async (text, label, wanted) => {
    const at = marked(text);
    const items = await itemsAt(at);
    expect(
      completed(
        at.analysis,
        items.find((item) => item.label === label),
      ),
    ).toBe(wanted);
  });
});

describe("paths", () => {
  it("are those of the disk, relative to the file", async () => {
    const folder = await temporaryFolder();
    for (const name of ["photos/cat", "photos/dog", "runs", ".hidden"])
      await mkdir(join(folder, name), { recursive: true });
    for (const name of ["captions.txt", "notes.md"]) await writeFile(join(folder, name), "");
    const uri = pathToFileURL(join(folder, "x.loft.json")).href;
    const places = {
      modelsFolder: "models",
      schemaFile: "schemas/loft.schema.json",
      storeFolder: join(folder, "store"),
    };
    const facts = configFacts(places, async () => undefined);
    const at = async (text: string) => {
      const cursor = marked(text, uri);
      const items = await itemsAt(cursor, facts);
      return items.map((item) => `${item.label} -> ${completed(cursor.analysis, item)}`);
    };
    expect(await at('{ "data": { "folder": "|" } }')).toEqual([
      'photos/ -> { "data": { "folder": "photos" } }',
      'runs/ -> { "data": { "folder": "runs" } }',
      '../ -> { "data": { "folder": "../" } }',
    ]);
    expect(await at('{ "data": { "folder": "photos/d|" } }')).toEqual([
      'cat/ -> { "data": { "folder": "photos/cat" } }',
      'dog/ -> { "data": { "folder": "photos/dog" } }',
    ]);
    expect(await at('{ "prompt": { "captions": | } }')).toEqual([
      'captions.txt -> { "prompt": { "captions": "captions.txt" } }',
      'photos/ -> { "prompt": { "captions": "photos/" } }',
      'runs/ -> { "prompt": { "captions": "runs/" } }',
      '../ -> { "prompt": { "captions": "../" } }',
    ]);
    expect(await at('{ "data": { "folder": "no/such/|" } }')).toEqual([]);
    const models = await at('{ "model": "lo|" }');
    expect(models[0]).toBe('loft-mini -> { "model": "loft-mini" }');
    expect(models.some((model) => model.startsWith("stable-diffusion-2-1-base"))).toBe(true);
    expect(await at('{ "model": "./|" }')).toContain('photos/ -> { "model": "./photos" }');
  });
});

describe("snippets for an editor without them", () => {
  it.each([
    [`"steps": \${1:300}`, '"steps": 300'],
    [`"folder": "\${1|a b,c\\,d|}", $2`, '"folder": "a b", '],
    [`\\$schema: "\${2:x\\}y}"$0`, '$schema: "x}y"'],
  ])("%s", (snippet, wanted) => {
    const item = { label: "", insertTextFormat: 2 as const, insertText: snippet };
    expect(withoutSnippet(item).insertText).toBe(wanted);
  });
});
