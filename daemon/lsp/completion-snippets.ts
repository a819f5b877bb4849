/** Completion in a new file: whole configurations, with the folders that lie beside it as choices. */
import { basename, dirname } from "node:path";
import { type CompletionItem, CompletionItemKind, InsertTextFormat, type Position } from "vscode-languageserver";
import { type Analysis, rangeOf } from "./analysis.ts";
import type { CompletionSources } from "./completion.ts";
import { choiceText, snippetText } from "./snippet.ts";

/** Configurations to start from, in place of everything. */
export async function newFileItems(
  analysis: Analysis,
  position: Position,
  { facts, signal }: CompletionSources,
): Promise<readonly CompletionItem[]> {
  const { file, document, parsed } = analysis;
  const listed = file === undefined ? undefined : await facts.listFolder(dirname(file), signal).catch(() => undefined);
  const folders = (listed ?? [])
    .filter(({ kind, name }) => kind === "folder" && !unlikely.has(name))
    .map(({ name }) => name);
  const choices = (folders.length === 0 ? ["photos"] : folders).map((name) => JSON.stringify(name).slice(1, -1));
  const schema = file === undefined ? "" : `"$schema": ${JSON.stringify(facts.schemaReference(dirname(file)))},\n  `;
  const name = file === undefined ? "my-run" : basename(file).replace(/(\.loft)?\.json$/i, "");
  const head = `${snippetText(schema)}"name": "\${2:${snippetText(JSON.stringify(name).slice(1, -1))}}"`;
  const data = `"folder": "${choiceText(1, choices)}"`;
  // A completion's own range must not span lines: what stands around the cursor goes by edits beside it.
  const offset = document.offsetAt(position);
  const around = [
    { offset: 0, length: offset },
    { offset, length: parsed.text.length - offset },
  ];
  const cleared = around
    .filter(({ length }) => 0 < length)
    .map((span) => ({ range: rangeOf(document, span), newText: "" }));
  return starts.map(({ label, documentation, body }, index) => ({
    label,
    documentation,
    kind: CompletionItemKind.Snippet,
    insertTextFormat: InsertTextFormat.Snippet,
    sortText: String(index),
    textEdit: { range: { start: position, end: position }, newText: body(head, data) },
    ...(cleared.length === 0 ? {} : { additionalTextEdits: cleared }),
  }));
}

/** Folders beside a configuration that hold no photos. */
const unlikely: ReadonlySet<string> = new Set(["node_modules", "runs", "models"]);

type Start = {
  readonly label: string;
  readonly documentation: string;
  readonly body: (head: string, data: string) => string;
};

const starts: readonly Start[] = [
  {
    label: "LoFT: new configuration",
    documentation: "As little as a run needs; the preset fills in the rest.",
    body: (head, data) => `{\n  ${head},\n  "data": { ${data} }\n}\n`,
  },
  {
    label: "LoFT: configuration with numbers of photos and images",
    documentation: "How many photos per class are used, and how many images per class are made.",
    body: (head, data) =>
      `{\n  ${head},\n  "data": { ${data}, "shots": \${3:16} },\n  "sampling": { "imagesPerClass": \${4:100} }\n}\n`,
  },
  {
    label: "LoFT: configuration for Stable Diffusion",
    documentation:
      "The paper's values on Stable Diffusion 2.1-base; the model is downloaded first with `loft models add`.",
    body: (head, data) =>
      `{\n  ${head},\n  "model": "\${3:stable-diffusion-2-1-base}",\n  "preset": "paper",\n  "data": { ${data}, "shots": \${4:16} }\n}\n`,
  },
];
