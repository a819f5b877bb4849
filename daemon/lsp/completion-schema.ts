/** Completion from the schema: keys in its order with everything that is known of them, and values with their source. */
import { type CompletionItem, CompletionItemKind, InsertTextFormat } from "vscode-languageserver";
import type { Path } from "../config/problem.ts";
import { valueText } from "./amounts.ts";
import { type Analysis, methodName, rangeOf } from "./analysis.ts";
import type { CompletionPlace } from "./completion.ts";
import { fieldMarkdown } from "./field-text.ts";
import { fieldAt } from "./fields.ts";
import { type JsonService, jsonDocumentOf } from "./json-service.ts";
import { snippetText } from "./snippet.ts";
import { type DecidedValue, decidedValue, inheritedValue, valueWithout } from "./values.ts";

/** What the JSON language service offers, in the schema's order, described in our words. */
export async function schemaItems(place: CompletionPlace, service: JsonService): Promise<readonly CompletionItem[]> {
  const read = jsonDocumentOf(service, place.analysis);
  const list = read && (await service.doComplete(read.text, place.position, read.json));
  const items = list?.items ?? [];
  return items.map((item, index) => {
    const sorted = { ...item, sortText: item.sortText ?? String(index).padStart(4, "0") };
    return item.kind === CompletionItemKind.Property ? keyItem(place, sorted, index) : sorted;
  });
}

/** Values that people use: the one that applies without any, the official code's, the paper's, the schema's examples. */
export function valueItems(place: CompletionPlace): readonly CompletionItem[] {
  const { analysis, path, start, end } = place;
  const field = fieldAt(path, analysis.parsed.tree);
  if (field === undefined || field.enum !== undefined || field.properties !== undefined) return [];
  const without = valueWithout(analysis, path);
  const candidates: readonly (readonly [unknown, string])[] = [
    [without?.value, withoutText(analysis, without)],
    [field["x-official"], "official code"],
    [field["x-paper"], "paper"],
    ...(field.examples ?? []).map((example) => [example, "example"] as const),
  ];
  const values = new Map<string, string>();
  for (const [value, source] of candidates) {
    const text = value === undefined ? "" : valueText(value, Number.POSITIVE_INFINITY);
    if (text !== "") values.set(text, values.has(text) ? `${values.get(text)}, ${source}` : source);
  }
  const range = rangeOf(analysis.document, { offset: start, length: end - start });
  return [...values].map(([text, source], index) => ({
    label: text,
    kind: CompletionItemKind.Value,
    detail: source.replace(/, example$/, ""),
    filterText: text,
    sortText: String(index).padStart(4, "0"),
    textEdit: { range, newText: text },
  }));
}

function withoutText({ preset }: Analysis, without: DecidedValue | undefined): string {
  if (without?.from === "base") return without.source;
  return without?.from === "preset" ? `preset ${preset.name}` : "default";
}

/** A key with its description, and with the value that it has anyway as the proposal. */
function keyItem({ analysis, path }: CompletionPlace, item: CompletionItem, index: number): CompletionItem {
  const keyPath: Path = [...path.slice(0, -1), item.label];
  const field = fieldAt(keyPath, analysis.parsed.tree);
  if (field === undefined) return item;
  const context = {
    method: methodName(analysis),
    decided: decidedValue(analysis, keyPath),
    inherited: inheritedValue(analysis, keyPath),
  };
  const value = proposedValue(analysis, keyPath);
  const described: CompletionItem = {
    ...item,
    sortText: String(index).padStart(4, "0"),
    ...(field.title === undefined ? {} : { detail: field.title }),
    documentation: { kind: "markdown", value: fieldMarkdown(keyPath, field, context) },
  };
  const { textEdit } = item;
  if (value === undefined || textEdit === undefined) return described;
  // The service writes `"key": value` where it writes a value at all, with a comma behind it where one is needed.
  const [, head, comma] = /^("(?:[^"\\]|\\.)*":\s*)[\s\S]*?(,?)$/.exec(textEdit.newText) ?? [];
  if (head === undefined) return described;
  const newText = `${head}${value}${comma ?? ""}`;
  return { ...described, insertTextFormat: InsertTextFormat.Snippet, textEdit: { ...textEdit, newText } };
}

/** As a snippet; undefined leaves it to the service. */
function proposedValue(analysis: Analysis, path: Path): string | undefined {
  const name = path.join(".");
  if (name === "data") return '{ "folder": "$1" }';
  if (name === "fusion.weights") return '{ "kind": "$1" }';
  const value = valueWithout(analysis, path)?.value;
  if (typeof value === "string") return `"\${1:${snippetText(JSON.stringify(value).slice(1, -1))}}"`;
  if (value === undefined || (value !== null && typeof value === "object" && !Array.isArray(value))) return undefined;
  return `\${1:${snippetText(valueText(value, Number.POSITIVE_INFINITY))}}`;
}
