/** What the language server answers through the editor's own interface. */
import { strict as assert } from "node:assert";
import {
  type CodeAction,
  type CodeLens,
  type CompletionList,
  commands,
  type DocumentSymbol,
  type Hover,
  languages,
  type MarkdownString,
  Position,
  type TextDocument,
  type TextEdit,
} from "vscode";
import { suite } from "./describe.ts";
import { eventually, loftExtension, openConfig } from "./editor.ts";

const text = `{
  "data": { "folder": "photos" },
  "sampling": { "imagesPerClas": 4 }
}
`;

export const testLanguage = suite("language features", (test) => {
  test("a file of many megabytes is left alone, and the connection stays", async () => {
    const { services } = await loftExtension();
    const { startedAt } = await services.client.request("loft/status", {});
    await openConfig("long.loft.json", `{ "name": "${"x".repeat(20_000_000)}" }`);
    await commands.executeCommand("workbench.action.closeActiveEditor");
    assert.equal(services.client.state, "ready");
    assert.equal((await services.client.request("loft/status", {})).startedAt, startedAt);
  });

  test("completion offers the fields of a group", async () => {
    const document = await openConfig(
      "complete.loft.json",
      '{\n  "data": { "folder": "photos" },\n  "sampling": {  }\n}\n',
    );
    const list = await eventually("completions", async () => {
      const found = await at<CompletionList>("vscode.executeCompletionItemProvider", document, new Position(2, 16));
      return 0 < found.items.length ? found : undefined;
    });
    const labels = list.items.map(({ label }) => (typeof label === "string" ? label : label.label));
    assert.ok(
      labels.some((label) => label.includes("imagesPerClass")),
      labels.join(", "),
    );
  });

  test("a typo is underlined and a quick fix puts it right", async () => {
    const document = await openConfig("typo.loft.json", text);
    const problem = await eventually("a diagnostic", () =>
      languages.getDiagnostics(document.uri).find(({ message }) => message.includes("imagesPerClas")),
    );
    const actions = await commands.executeCommand<CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      problem.range,
    );
    assert.ok(
      actions.some(({ title }) => title.includes("imagesPerClass")),
      actions.map(({ title }) => title).join(),
    );
  });

  test("hover tells what a field does", async () => {
    const document = await openConfig("shoes.loft.json");
    const line = document
      .getText()
      .split("\n")
      .findIndex((row) => row.includes("imagesPerClass"));
    const column = document.lineAt(line).text.indexOf("imagesPerClass") + 2;
    const hovers = await eventually("a hover", async () => {
      const found = await at<Hover[]>("vscode.executeHoverProvider", document, new Position(line, column));
      return 0 < found.length ? found : undefined;
    });
    const shown = hovers.flatMap(({ contents }) => contents).map((content) => (content as MarkdownString).value);
    assert.match(shown.join("\n"), /class/i);
  });

  test("symbols, formatting and code lenses answer", async () => {
    const document = await openConfig("shoes.loft.json");
    const symbols = await commands.executeCommand<DocumentSymbol[]>(
      "vscode.executeDocumentSymbolProvider",
      document.uri,
    );
    assert.ok(symbols.some(({ name }) => name === "sampling"));
    const lenses = await eventually("code lenses", async () => {
      const found = await commands.executeCommand<CodeLens[]>("vscode.executeCodeLensProvider", document.uri, 10);
      return found.some(({ command }) => command?.command === "loft.generateDataset") ? found : undefined;
    });
    assert.ok(lenses.some(({ command }) => command?.command === "loft.previewPlan"));
    const ugly = await openConfig("ugly.loft.json", '{"data":{"folder":"photos"}}');
    const options = { tabSize: 2, insertSpaces: true };
    const edits = await eventually("formatting", async () => {
      const command = "vscode.executeFormatDocumentProvider";
      const found = await commands.executeCommand<TextEdit[] | undefined>(command, ugly.uri, options);
      return found !== undefined && 0 < found.length ? found : undefined;
    });
    assert.ok(0 < edits.length);
  });
});

async function at<T>(command: string, { uri }: TextDocument, position: Position): Promise<T> {
  return await commands.executeCommand<T>(command, uri, position);
}
