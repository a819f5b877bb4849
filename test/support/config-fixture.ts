/** Configurations as texts with a cursor mark, and what an editor would make of a feature's answer. */
import type { CompletionItem, Position, Range, TextEdit } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { ConfigFacts } from "../../daemon/config/facts.ts";
import { type Analysis, analyze } from "../../daemon/lsp/analysis.ts";
import type { KnownFacts } from "../../daemon/lsp/known-facts.ts";

/** A text with one `|`, taken out: where the cursor was. */
export type Marked = {
  readonly analysis: Analysis;
  readonly text: string;
  readonly offset: number;
  readonly position: Position;
};

const fixtureUri = "file:///fixture/birds.loft.json";

/** The text of a configuration with `|` where the cursor is, or two around a selection. */
export function marked(textWithMark: string, uri = fixtureUri): Marked {
  const offset = textWithMark.indexOf("|");
  if (offset < 0) throw new Error("the text has no cursor mark");
  const text = textWithMark.slice(0, offset) + textWithMark.slice(offset + 1);
  const analysis = analyze(uri, 1, text);
  return { analysis, text, offset, position: analysis.document.positionAt(offset) };
}

/** A text without a mark. */
export function analyzed(text: string, uri = fixtureUri): Analysis {
  return analyze(uri, 1, text);
}

/** From the first character to the last. */
export function wholeRange({ document }: Analysis): Range {
  return { start: document.positionAt(0), end: document.positionAt(document.getText().length) };
}

/** The text after edits. */
export function edited({ document }: Analysis, edits: readonly TextEdit[] | undefined): string {
  return TextDocument.applyEdits(document, [...(edits ?? [])]);
}

/** The text after accepting a completion; the stops of a snippet stand in ‹›. */
export function completed(analysis: Analysis, item: CompletionItem | undefined): string {
  if (item === undefined) return "no such item";
  const edit = item.textEdit as TextEdit;
  const text = edited(analysis, [edit, ...(item.additionalTextEdits ?? [])]);
  return text.replace(/\$\{([^}]*)\}/g, "‹$1›");
}

/** The stretch of text that a range covers. */
export function textIn({ document }: Analysis, range: Range): string {
  return document.getText(range);
}

/** Two classes with photos, one without, and the bundled model. */
export const knownBirds: KnownFacts = {
  data: {
    state: "folder",
    classes: [
      { folder: "apple_pie", photoCount: 5, firstPhoto: "a.png" },
      { folder: "bird", photoCount: 3, firstPhoto: "one.jpg" },
    ],
    loosePhotos: 0,
  },
  model: { name: "loft-mini", state: "ready", title: "Small", license: "MIT", side: 64, stride: 4, narrowestLayer: 64 },
  memoryBytes: 8e9,
};

/** Facts of a machine without anything: for what needs none. */
export const noFacts: ConfigFacts = {
  listFolder: async () => undefined,
  data: async () => ({ state: "missing" }),
  baseText: async () => ({ failure: "missing" }),
  isFile: async () => false,
  models: async () => [],
  model: async (name) => ({ name, state: "ready" }),
  cost: async () => undefined,
  schemaReference: () => "./loft.schema.json",
  memoryBytes: 8e9,
};
