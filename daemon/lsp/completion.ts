/** Completion: keys and choices from the schema, models, class folders and paths from the disk, whole files from snippets. */
import { createScanner, findNodeAtOffset, getLocation, type Location, type Node } from "jsonc-parser";
import type { CompletionItem, CompletionList, Position } from "vscode-languageserver";
import type { ConfigFacts } from "../config/facts.ts";
import type { Path } from "../config/problem.ts";
import type { Analysis } from "./analysis.ts";
import { classKeyItems, classNameItems } from "./completion-classes.ts";
import { isPathField, modelItems, pathItems } from "./completion-places.ts";
import { schemaItems, valueItems } from "./completion-schema.ts";
import { newFileItems } from "./completion-snippets.ts";
import type { JsonService } from "./json-service.ts";
import type { KnownFacts } from "./known-facts.ts";

/** Whom completion asks. */
export type CompletionSources = {
  readonly facts: ConfigFacts;
  readonly known: KnownFacts;
  readonly loadService: () => Promise<JsonService>;
  readonly signal: AbortSignal;
};

/** Where the cursor stands. */
export type CompletionPlace = {
  readonly analysis: Analysis;
  readonly offset: number;
  readonly position: Position;
  /** Of the key or value to be completed. */
  readonly path: Path;
  /** What it replaces, in code units; empty where nothing stands yet. */
  readonly start: number;
  readonly end: number;
  /** What of a text stands before the cursor, without the quote. */
  readonly typed: string;
};

/** What can stand at a position. */
export async function completion(
  analysis: Analysis,
  position: Position,
  sources: CompletionSources,
): Promise<CompletionList> {
  const { text, tree } = analysis.parsed;
  const offset = analysis.document.offsetAt(position);
  if (isInComment(text, offset)) return listOf([]);
  if (text.trim() === "" || isEmptyGroup(tree, text)) return listOf(await newFileItems(analysis, position, sources));
  if (tree === undefined) return listOf([]);
  const location = getLocation(text, offset);
  const place = placeOfCursor(analysis, position, location);
  return listOf(location.isAtPropertyKey ? await keyItems(place, sources) : await valueItemsAt(place, sources));
}

async function keyItems(place: CompletionPlace, sources: CompletionSources): Promise<readonly CompletionItem[]> {
  if (isInClassNames(place.path)) return classKeyItems(place, sources.known);
  return schemaItems(place, await sources.loadService());
}

async function valueItemsAt(place: CompletionPlace, sources: CompletionSources): Promise<readonly CompletionItem[]> {
  if (isInClassNames(place.path)) return classNameItems(place);
  if (place.path.join(".") === "model") {
    return [...(await modelItems(place, sources)), ...(await pathItems(place, sources))];
  }
  if (isPathField(place.path)) return pathItems(place, sources);
  const own = valueItems(place);
  const labels = new Set(own.map(({ label }) => label));
  const others = await schemaItems(place, await sources.loadService());
  return [...own, ...others.filter(({ label }) => !labels.has(label))];
}

function isInClassNames(path: Path): boolean {
  return path.length === 3 && path[0] === "data" && path[1] === "classNames";
}

/** A new file often has its braces already. */
function isEmptyGroup(tree: Node | undefined, text: string): boolean {
  return tree?.type === "object" && (tree.children ?? []).length === 0 && /^\s*\{\s*\}\s*$/.test(text);
}

function placeOfCursor(analysis: Analysis, position: Position, location: Location): CompletionPlace {
  const offset = analysis.document.offsetAt(position);
  const { path } = location;
  const { tree } = analysis.parsed;
  const node = tree && findNodeAtOffset(tree, offset, true);
  const isScalar = node !== undefined && node.type !== "object" && node.type !== "array" && node.type !== "property";
  // Before a quote something new begins.
  const begins = isScalar && (node.type === "string" ? node.offset < offset : node.offset <= offset);
  const isIn = begins && offset <= node.offset + node.length;
  if (!isIn) return { analysis, offset, position, path, start: offset, end: offset, typed: "" };
  const text = analysis.parsed.text;
  const typed = node.type === "string" ? text.slice(node.offset + 1, Math.max(node.offset + 1, offset)) : "";
  return { analysis, offset, position, path, start: node.offset, end: node.offset + node.length, typed };
}

function isInComment(text: string, offset: number): boolean {
  const scanner = createScanner(text, false);
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const start = scanner.getTokenOffset();
    const end = start + scanner.getTokenLength();
    if (offset <= start) return false;
    if (text.startsWith("//", start) && offset <= end) return true;
    if (text.startsWith("/*", start) && offset < end) return true;
  }
  return false;
}

function listOf(items: readonly CompletionItem[]): CompletionList {
  return { isIncomplete: false, items: [...items] };
}
