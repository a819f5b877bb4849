/** The shape of a configuration: its symbols, what folds, and how a selection grows. */
import type { Node } from "jsonc-parser";
import {
  type DocumentSymbol,
  type FoldingRange,
  type Position,
  type SelectionRange,
  SymbolKind,
} from "vscode-languageserver";
import { valueText } from "./amounts.ts";
import { type Analysis, rangeOf } from "./analysis.ts";
import { type JsonService, jsonDocumentOf } from "./json-service.ts";

/** Keys with their values, groups with their keys inside. */
export function documentSymbols(analysis: Analysis): DocumentSymbol[] {
  return analysis.parsed.tree?.type === "object" ? symbolsOf(analysis, analysis.parsed.tree) : [];
}

/** Groups, lists and comments of several lines. */
export function foldingRanges(service: JsonService, analysis: Analysis): FoldingRange[] {
  return service.getFoldingRanges(analysis.document);
}

/** For each position the word, the value, the member, the group, and so on outward. */
export function selectionRanges(
  service: JsonService,
  analysis: Analysis,
  positions: readonly Position[],
): SelectionRange[] {
  const read = jsonDocumentOf(service, analysis);
  if (read === undefined) return positions.map((position) => ({ range: { start: position, end: position } }));
  return service.getSelectionRanges(read.text, [...positions], read.json);
}

function symbolsOf(analysis: Analysis, group: Node): DocumentSymbol[] {
  return (group.children ?? []).flatMap((member): DocumentSymbol[] => {
    const [key, value] = member.children ?? [];
    if (key === undefined) return [];
    const isGroup = value?.type === "object";
    const name = String(key.value);
    const symbol = {
      // An empty name is refused by editors.
      name: name.trim() === "" ? JSON.stringify(name) : name,
      kind: kindOf(value),
      range: rangeOf(analysis.document, member),
      selectionRange: rangeOf(analysis.document, key),
    };
    if (isGroup) return [{ ...symbol, children: symbolsOf(analysis, value) }];
    return [value === undefined ? symbol : { ...symbol, detail: valueText(plainOf(value), 60) }];
  });
}

function plainOf(node: Node): unknown {
  return node.type === "array" ? (node.children ?? []).map(plainOf) : (node.value as unknown);
}

function kindOf(value: Node | undefined): SymbolKind {
  switch (value?.type) {
    case "object":
      return SymbolKind.Module;
    case "array":
      return SymbolKind.Array;
    case "number":
      return SymbolKind.Number;
    case "boolean":
      return SymbolKind.Boolean;
    case "string":
      return SymbolKind.String;
    default:
      return SymbolKind.Null;
  }
}
