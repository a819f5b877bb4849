/** The server over a real pair of streams, asked by a plain client. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CodeAction, CodeLens, CompletionList, Hover, InlayHint, TextEdit } from "vscode-languageserver";
import type { ConfigFacts } from "../../../daemon/config/facts.ts";
import { configFacts } from "../../../daemon/jobs/config-facts.ts";
import type { PlanCost } from "../../../schemas/protocol.ts";
import { noFacts } from "../../support/config-fixture.ts";
import { clientInProcess, type LanguageClient } from "../../support/language-client.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const png = Buffer.from("89504e470d0a1a0a", "hex");

async function start(facts: ConfigFacts, capabilities: object = {}): Promise<LanguageClient> {
  const client = await clientInProcess(facts, capabilities);
  onTestFinished(() => client.close());
  return client;
}

function change(
  client: LanguageClient,
  uri: string,
  version: number,
  contentChanges: readonly object[],
): Promise<void> {
  return client.notify("textDocument/didChange", { textDocument: { uri, version }, contentChanges });
}

/** A busy machine may take more than the second that a poll has by itself. */
const patiently = { timeout: 30_000 };

const codes = ({ diagnostics }: { readonly diagnostics: readonly { readonly code?: unknown }[] }) =>
  diagnostics.map(({ code }) => code);

describe("a session", () => {
  it("opens, changes, completes, hovers, mends and closes", async () => {
    const folder = await temporaryFolder();
    for (const name of ["cat", "dog"]) {
      await mkdir(join(folder, "photos", name), { recursive: true });
      for (const file of ["1.png", "2.png"]) await writeFile(join(folder, "photos", name, file), png);
    }
    const plan: PlanCost = {
      adapters: 4,
      images: 200,
      adaptersDone: 0,
      imagesDone: 0,
      secondsLeft: 60,
      memoryBytes: 4e8,
      diskBytes: 1e6,
      device: "cpu",
      warnings: [],
    };
    const facts = configFacts(
      { modelsFolder: "models", schemaFile: join(folder, "s.json"), storeFolder: join(folder, "store") },
      async () => plan,
    );
    const uri = pathToFileURL(join(folder, "x.loft.json")).href;
    const client = await start(facts, { textDocument: { completion: { completionItem: { snippetSupport: true } } } });
    const textDocument = { uri };

    await client.open(uri, '{\r\n  "name": "🐦",\r\n  "data": { "folder": "fotos" }\r\n}\r\n');
    expect(codes(await client.diagnostics(({ diagnostics }) => 0 < diagnostics.length))).toEqual([
      "data-folder-missing",
    ]);

    // The columns count UTF-16 code units: the bird has two.
    const inFolder = { start: { line: 2, character: 23 }, end: { line: 2, character: 28 } };
    const actions = await client.request<CodeAction[]>("textDocument/codeAction", {
      textDocument,
      range: inFolder,
      context: { diagnostics: [] },
    });
    expect(actions.map(({ title }) => title)).toEqual(['Change to "photos"', "Add the $schema line"]);

    await change(client, uri, 2, [{ range: inFolder, text: "photos" }]);
    const mended = await client.diagnostics(({ version }) => version === 2);
    expect(mended.diagnostics).toEqual([]);
    await change(client, uri, 3, [
      { range: { start: { line: 1, character: 15 }, end: { line: 1, character: 15 } }, text: ' "sed": 3,' },
    ]);
    expect(codes(await client.diagnostics(({ version }) => version === 3))).toEqual(["unknown-key"]);
    await change(client, uri, 4, [
      { range: { start: { line: 1, character: 15 }, end: { line: 1, character: 25 } }, text: "" },
    ]);

    const hovered = async () => {
      const params = { textDocument, position: { line: 2, character: 14 } };
      return JSON.stringify((await client.request<Hover>("textDocument/hover", params)).contents);
    };
    await expect.poll(hovered, patiently).toContain("| cat | 2 |");
    const list = await client.request<CompletionList>("textDocument/completion", {
      textDocument,
      position: { line: 2, character: 24 },
    });
    expect(list.items.map(({ label }) => label)).toContain("photos/");
    const lenses = await client.request<CodeLens[]>("textDocument/codeLens", { textDocument });
    expect(lenses.map(({ command }) => command?.title)).toEqual([
      "Generate",
      "Preview plan",
      "4 adapters · 200 images · save to see time and memory",
    ]);
    await client.notify("textDocument/didSave", { textDocument });
    await expect
      .poll(
        async () =>
          (await client.request<CodeLens[]>("textDocument/codeLens", { textDocument })).at(-1)?.command?.title,
        patiently,
      )
      .toBe("4 adapters · 200 images · about 1 min · 400 MB · CPU");
    const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
    const hints = await client.request<InlayHint[]>("textDocument/inlayHint", { textDocument, range });
    expect(hints.map(({ label }) => label)).toEqual(["2 classes, 4 photos"]);
    const layout = await client.request<TextEdit[]>("textDocument/formatting", {
      textDocument,
      options: { tabSize: 2, insertSpaces: true },
    });
    expect(layout.every(({ newText }) => newText.trim() === "" && !/(^|[^\r])\n/.test(newText))).toBe(true);

    await client.notify("textDocument/didClose", { textDocument });
    expect(
      (await client.diagnostics(({ diagnostics, version }) => version === undefined && diagnostics.length === 0))
        .diagnostics,
    ).toEqual([]);
    expect(
      await client.request("textDocument/hover", { textDocument, position: { line: 0, character: 0 } }),
    ).toBeNull();
    await client.request("shutdown", undefined);
  });

  it("gives plain text to a client without snippets", async () => {
    const client = await start(noFacts);
    await client.open("untitled:x.loft.json", '{ "data": { "folder": "p" }, "training": {  } }');
    const list = await client.request<CompletionList>("textDocument/completion", {
      textDocument: { uri: "untitled:x.loft.json" },
      position: { line: 0, character: 44 },
    });
    const texts = list.items.map(({ textEdit }) => textEdit as TextEdit).map(({ newText }) => newText);
    expect(texts).toContain('"steps": 300');
    expect(list.items.every(({ insertTextFormat }) => insertTextFormat !== 2)).toBe(true);
  });

  it("answers for a burst of changes once, with the newest version", async () => {
    const client = await start(noFacts);
    await client.open("untitled:x", "{}");
    const insert = (version: number) =>
      change(client, "untitled:x", version, [
        { range: { start: { line: 0, character: 1 }, end: { line: 0, character: 1 } }, text: " " },
      ]);
    await Promise.all(Array.from({ length: 50 }, (_, index) => insert(index + 2)));
    const versions: (number | undefined)[] = [];
    for (;;) {
      const { version } = await client.diagnostics(() => true);
      versions.push(version);
      if (version === 51) break;
    }
    expect(versions.length).toBeLessThan(51);
    expect([...versions].sort((left, right) => (left ?? 0) - (right ?? 0))).toEqual(versions);
  });

  it("refuses a rename to a name that is taken, with the reason", async () => {
    const client = await start(noFacts);
    await client.open("untitled:x", '{ "data": { "folder": "p", "classNames": { "a": "cat", "b": "dog" } } }');
    const rename = client.request("textDocument/rename", {
      textDocument: { uri: "untitled:x" },
      position: { line: 0, character: 50 },
      newName: "dog",
    });
    await expect(rename).rejects.toThrow('Another class has the name "dog".');
  });

  it("asks the client to look again when the cost is known", async () => {
    let answer: (plan: PlanCost) => void = () => undefined;
    const cost = new Promise<PlanCost>((resolve) => {
      answer = resolve;
    });
    const client = await start(
      { ...noFacts, cost: () => cost },
      { workspace: { codeLens: { refreshSupport: true }, inlayHint: { refreshSupport: true } } },
    );
    const asked: string[] = [];
    client.connection.onRequest((method: string) => {
      asked.push(method);
      return null;
    });
    await client.open("file:///fixture/x.loft.json", '{ "data": { "folder": "p" } }');
    answer({
      adapters: 1,
      images: 2,
      adaptersDone: 0,
      imagesDone: 0,
      secondsLeft: 3,
      memoryBytes: 4e6,
      diskBytes: 5,
      device: "cpu",
      warnings: [],
    });
    await expect
      .poll(() => [...new Set(asked)].sort(), patiently)
      .toEqual(["workspace/codeLens/refresh", "workspace/inlayHint/refresh"]);
  });
});
