/** What the editor shows of a configuration that extends another. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { MarkupContent } from "vscode-languageserver";
import type { BaseFile } from "../../../daemon/config/inheritance.ts";
import { parseConfig } from "../../../daemon/config/parse.ts";
import { configFacts } from "../../../daemon/jobs/config-facts.ts";
import { analyze } from "../../../daemon/lsp/analysis.ts";
import { codeActions } from "../../../daemon/lsp/code-actions.ts";
import { completion } from "../../../daemon/lsp/completion.ts";
import { definition } from "../../../daemon/lsp/definition.ts";
import { diagnostics } from "../../../daemon/lsp/diagnostics.ts";
import { documentLinks } from "../../../daemon/lsp/document-links.ts";
import { hover } from "../../../daemon/lsp/hover.ts";
import { inlayHints } from "../../../daemon/lsp/inlay-hints.ts";
import { lazyJsonService } from "../../../daemon/lsp/json-service.ts";
import { knownBirds, noFacts, textIn, wholeRange } from "../../support/config-fixture.ts";
import { clientInProcess } from "../../support/language-client.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const base = `{
  "data": { "folder": "photos", "classNames": { "brd": "robin" } },
  "training": { "steps": 40 }, "seed": 7
}`;

/** A text with a cursor mark in `/fixture`, beside `base.loft.json`. */
function read(textWithMark: string, baseText = base) {
  const offset = textWithMark.indexOf("|");
  const text = textWithMark.replace("|", "");
  const file: BaseFile = { parsed: parseConfig(baseText) };
  const analysis = analyze("file:///fixture/birds.loft.json", 1, text, (path) =>
    path === "/fixture/base.loft.json" ? file : undefined,
  );
  return { analysis, position: analysis.document.positionAt(offset) };
}

const head = '{ "extends": "base.loft.json"';

describe("what is inherited", () => {
  const hoverAt = (text: string) => {
    const { analysis, position } = read(text);
    return (hover(analysis, position, knownBirds)?.contents as MarkupContent | undefined)?.value;
  };

  it("is listed over extends, and named over what replaces it", () => {
    expect(hoverAt('{ "ext|ends": "base.loft.json" }')).toContain(
      '| inherited | value |\n|---|---|\n| data.folder | "photos" |',
    );
    const replaced = hoverAt(`${head}, "training": { "ste|ps": 5 } }`);
    expect(replaced).toContain("Here: `5`, from this file  \nInstead of: `40`, from base.loft.json");
    expect(hoverAt(`${head}, "se|ed": 7 }`)).toContain("Instead of: `7`, from base.loft.json");
  });

  it("stands in the hint of a group, before the preset's", () => {
    const { analysis } = read(`|${head}, "training": { "batchSize": 2 } }`);
    const hint = inlayHints(analysis, wholeRange(analysis), knownBirds).find(({ label }) =>
      String(label).startsWith("steps 40,"),
    );
    expect((hint?.tooltip as MarkupContent | undefined)?.value).toMatch(
      /^Inherited:\n\n- `steps`: `40`, base\.loft\.json\n\nFrom the/,
    );
  });

  it.each([
    ['{ "extends": "ba|se.loft.json" }', 0, 0],
    [`${head}, "training": { "ste|ps": 5 } }`, 2, 25],
    [`${head}, "se|ed": 1 }`, 2, 39],
  ])("has its definition in the other file: %s", (text, line, character) => {
    const { analysis, position } = read(text);
    const found = definition(analysis, position);
    expect(found?.uri).toBe("file:///fixture/base.loft.json");
    expect(found?.range.start).toEqual({ line, character });
  });

  it("has no definition where nothing is inherited", () => {
    for (const text of ['{ "se|ed": 1 }', `${head}, "na|me": "x" }`, `${head} |}`]) {
      const { analysis, position } = read(text);
      expect(definition(analysis, position)).toBeNull();
    }
  });

  it("links to the other file and to places that it names", () => {
    const { analysis } = read(`|${head}, "data": { "classNames": { "bird": "x" } } }`);
    const links = documentLinks(analysis, knownBirds).map(({ range, target }) => [textIn(analysis, range), target]);
    expect(links).toEqual([
      ["base.loft.json", "file:///fixture/base.loft.json"],
      ["bird", "file:///fixture/photos/bird/one.jpg"],
    ]);
  });

  it("is completed: configurations beside, without the file itself", async () => {
    const { analysis, position } = read('{ "extends": "|" }');
    const facts = {
      ...noFacts,
      listFolder: async () =>
        ["base.loft.json", "birds.loft.json", "x.json"].map((name) => ({ name, kind: "file" as const })),
    };
    const sources = { facts, known: {}, loadService: lazyJsonService(), signal: new AbortController().signal };
    const labels = (await completion(analysis, position, sources)).items.map(({ label }) => label);
    expect(labels).toEqual(["base.loft.json", "../"]);
  });
});

describe("problems of inherited values", () => {
  it("stand at extends, say where the value is, and offer no fix that would harm this file", () => {
    const { analysis } = read(`|${head} }`, base.replace('"seed": 7', '"sed": 7'));
    const found = diagnostics(analysis, knownBirds);
    expect(
      found.map(({ code, range, message, relatedInformation }) => [
        code,
        textIn(analysis, range),
        String(message).slice(0, 16),
        relatedInformation?.[0]?.location.uri,
        relatedInformation?.[0]?.location.range.start,
      ]),
    ).toEqual([
      [
        "unknown-key",
        '"base.loft.json"',
        "base.loft.json: ",
        "file:///fixture/base.loft.json",
        { line: 2, character: 31 },
      ],
      [
        "class-folder-unknown",
        '"base.loft.json"',
        "base.loft.json: ",
        "file:///fixture/base.loft.json",
        { line: 1, character: 48 },
      ],
    ]);
    const fixes = codeActions(analysis, wholeRange(analysis), { known: knownBirds });
    expect(fixes).toEqual([]);
  });
});

describe("over the protocol", () => {
  it("follows the other file: missing, wrong, mended, each time it is saved", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "photos", "cat"), { recursive: true });
    await writeFile(join(folder, "photos", "cat", "1.png"), Buffer.from("89504e470d0a1a0a", "hex"));
    const places = {
      modelsFolder: "models",
      schemaFile: "schemas/loft.schema.json",
      storeFolder: join(folder, "store"),
    };
    const client = await clientInProcess(configFacts(places, async () => undefined));
    onTestFinished(() => client.close());
    const uri = (name: string) => pathToFileURL(join(folder, name)).href;
    const codes = async (wanted: readonly string[]) => {
      const found = await client.diagnostics(
        (published) =>
          published.uri === uri("a.loft.json") &&
          JSON.stringify(published.diagnostics.map(({ code }) => code)) === JSON.stringify(wanted),
      );
      return found.diagnostics.length;
    };
    await client.open(uri("a.loft.json"), '{ "extends": "base.loft.json", "fusion": { "adaptersPerImage": 1 } }');
    expect(await codes(["extends-missing"])).toBe(1);
    const baseFile = join(folder, "base.loft.json");
    await writeFile(baseFile, '{ "data": { "folder": "phtos" } }');
    await client.open(uri("base.loft.json"), '{ "data": { "folder": "phtos" } }');
    await client.notify("textDocument/didSave", { textDocument: { uri: uri("base.loft.json") } });
    expect(await codes(["data-folder-missing"])).toBe(1);
    await writeFile(baseFile, '{ "data": { "folder": "photos" } }');
    await client.notify("textDocument/didSave", { textDocument: { uri: uri("base.loft.json") } });
    expect(await codes([])).toBe(0);
    await rm(baseFile);
    await client.notify("textDocument/didSave", { textDocument: { uri: uri("base.loft.json") } });
    expect(await codes(["extends-missing"])).toBe(1);
  });
});
