/** Text of a `*.loft.json` to a tree with positions and syntax problems; comments and trailing commas are welcome. Never throws. */
import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { longestConfig } from "../../schemas/protocol.ts";
import { mostProblems, type Path, type Problem, type ProblemDraft, type Span } from "./problem.ts";

/** A parsed text: the tree (as far as it could be read) and what is wrong with the text itself. */
export type ParsedConfig = {
  readonly text: string;
  readonly tree: Node | undefined;
  readonly problems: readonly Problem[];
  /** Offset of the first character of each line. */
  readonly lineStarts: readonly number[];
};

/** Parse the text of a configuration. */
export function parseConfig(text: string): ParsedConfig {
  const lineStarts = lineStartsOf(text);
  // A byte order mark is no JSON; a space keeps all offsets.
  const json = text.replace(/^\uFEFF/, " ");
  const unreadable = unreadableText(json);
  if (unreadable !== undefined)
    return { text, tree: undefined, lineStarts, problems: [placed(lineStarts, unreadable)] };
  const errors: ParseError[] = [];
  const tree = parseTree(json, errors, { allowTrailingComma: true, allowEmptyContent: false });
  const drafts = [
    ...firstPerLine(lineStarts, errors).map((error) => syntaxProblem(json, error)),
    ...duplicateKeys(tree).slice(0, mostProblems),
  ];
  return { text, tree, lineStarts, problems: drafts.map((draft) => placed(lineStarts, draft)) };
}

function unreadableText(json: string): ProblemDraft | undefined {
  if (longestConfig < json.length) return tooLongText;
  return json.includes("\u0000") ? utf16Text : deepestAllowed(json);
}

/** Add line and column (both from 1) to a problem. */
export function placed(lineStarts: readonly number[], { span, ...draft }: ProblemDraft): Problem {
  const line = lineAt(lineStarts, span.offset);
  return { ...draft, ...span, line: line + 1, column: span.offset - (lineStarts[line] ?? 0) + 1 };
}

/** Index of the line that holds an offset, by bisection. */
function lineAt(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

/** What a group comes to. */
type GroupValue = {
  readonly value: Readonly<Record<string, unknown>>;
  /** Every key has a value, and none stands there twice. */
  readonly isOneToOne: boolean;
};

/** Groups that were asked for: nodes never change, and several checks ask for the same ones. */
const groupValues = new WeakMap<Node, GroupValue>();

/** The plain value of a node. Keys without a value are left out, and `__proto__` is a key like any other. */
export function plainValue(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(plainValue);
  return node.type === "object" ? groupValue(node).value : (node.value as unknown);
}

function groupValue(node: Node): GroupValue {
  const known = groupValues.get(node);
  if (known !== undefined) return known;
  const made = newGroupValue(node);
  groupValues.set(node, made);
  return made;
}

/**
 * Key by key, without lists in between: an editor asks with each keystroke, and there may be thousands of class names.
 * Without a prototype the engine takes the value for a table from the start: twice as fast.
 */
function newGroupValue(node: Node): GroupValue {
  const value: Record<string, unknown> = Object.create(null);
  let isOneToOne = true;
  for (const { children } of node.children ?? []) {
    const key = children?.[0]?.value as string | undefined;
    const inner = children?.[1];
    if (key === undefined || inner === undefined || key in value) isOneToOne = false;
    if (key !== undefined && inner !== undefined) value[key] = plainValue(inner);
  }
  return { value, isOneToOne };
}

/** The node at a path; for a key given twice the last one, as in its value. */
export function nodeAt(tree: Node | undefined, path: Path): Node | undefined {
  return path.reduce<Node | undefined>((node, part) => {
    if (node?.type === "array") return node.children?.[Number(part)];
    return propertyAt(node, String(part))?.value;
  }, tree);
}

/** A key of an object node with its nodes; `value` is missing where the text has none. */
export function propertyAt(node: Node | undefined, key: string): Property | undefined {
  if (node?.type !== "object") return undefined;
  const member = node.children?.findLast(({ children }) => children?.[0]?.value === key);
  const name = member?.children?.[0];
  return name === undefined ? undefined : { key: name, value: member?.children?.[1] };
}

export type Property = { readonly key: Node; readonly value: Node | undefined };

function lineStartsOf(text: string): readonly number[] {
  if (text.includes("\r")) return [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((end) => end.index + end[0].length)];
  const starts = [0];
  for (let end = text.indexOf("\n"); 0 <= end; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return starts;
}

// Deeper nesting than any configuration has would exhaust the stack of the parser.
const depthLimit = 64;

function deepestAllowed(text: string): ProblemDraft | undefined {
  // With so few brackets nothing is that deep, and the text need not be read twice.
  if (hasAtMost(text, depthLimit)) return undefined;
  const scanner = createScanner(text, true);
  let depth = 0;
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const span = { offset: scanner.getTokenOffset(), length: scanner.getTokenLength() };
    const token = span.length === 1 ? text[span.offset] : "";
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    if (depthLimit < depth) {
      const message = `Groups and lists are nested more than ${depthLimit} deep.`;
      return { severity: "error", code: "too-deep", message, fix: "Remove the surplus brackets.", path: [], span };
    }
  }
  return undefined;
}

/** Whether a text has at most so many opening brackets, in strings and comments too. */
function hasAtMost(text: string, limit: number): boolean {
  let count = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); 0 <= at && count <= limit; at = text.indexOf(bracket, at + 1)) count += 1;
  }
  return count <= limit;
}

/** One slip makes the parser report the same line again and again; the first report is the helpful one. */
function firstPerLine(lineStarts: readonly number[], errors: readonly ParseError[]): readonly ParseError[] {
  const firsts = new Map<number, ParseError>();
  for (const [index, error] of errors.entries()) {
    if (isConsequence(error, errors[index - 1])) continue;
    const line = lineAt(lineStarts, error.offset);
    if (!firsts.has(line)) firsts.set(line, error);
  }
  return [...firsts.values()].slice(0, mostProblems);
}

/** After a word that is no value the parser also misses a value, at the next token. */
function isConsequence(error: ParseError, before: ParseError | undefined): boolean {
  if (before === undefined || printParseErrorCode(error.error) !== "ValueExpected") return false;
  return printParseErrorCode(before.error) === "InvalidSymbol";
}

const syntaxTexts: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  InvalidSymbol: ["This is no JSON value.", "Write a number, true, false, null, or text in double quotes."],
  InvalidNumberFormat: ["This number cannot be read.", "Write it like 600, 0.001 or 1e-3."],
  PropertyNameExpected: ["A key in double quotes is missing here.", 'Write it as "key": value.'],
  ValueExpected: ["A value is missing here.", "Write one, or remove the key."],
  ColonExpected: ["A colon is missing after the key.", "Write :"],
  CommaExpected: ["A comma is missing before this.", "Write ,"],
  CloseBraceExpected: ["A closing brace is missing.", "Write }"],
  CloseBracketExpected: ["A closing bracket is missing.", "Write ]"],
  EndOfFileExpected: ["There is more text after the end of the configuration.", "Remove it."],
  UnexpectedEndOfComment: ["A comment is not closed.", "Write */ at its end."],
  UnexpectedEndOfString: ["A text is not closed.", 'Write " at its end.'],
  UnexpectedEndOfNumber: ["This number is cut off.", "Write it like 600, 0.001 or 1e-3."],
  InvalidUnicode: ["A \\u is not followed by four hexadecimal digits.", "Write the character itself."],
  InvalidEscapeCharacter: [
    "A backslash is followed by a character it does not escape.",
    "Write / in paths, or \\\\ for a backslash.",
  ],
  InvalidCharacter: ["A text holds a control character.", "Write \\n for a new line, \\t for a tab."],
};

function syntaxProblem(text: string, error: ParseError): ProblemDraft {
  const span = { offset: error.offset, length: error.length };
  const [message, fix] = syntaxTexts[printParseErrorCode(error.error)] ?? ["This is not JSON.", "Correct it."];
  if (text.trim() === "") return { ...emptyText, span: { offset: 0, length: 0 } };
  return { severity: "error", code: "syntax", ...(wordProblem(text, span) ?? { message, fix }), path: [], span };
}

const emptyText = {
  severity: "error",
  code: "syntax",
  message: "The file is empty.",
  fix: 'Write at least { "data": { "folder": "photos" } }.',
  path: [],
} as const;

const tooLongText = {
  severity: "error",
  code: "too-long",
  message: `The file has more than ${longestConfig / 1e6} million characters: it is no configuration.`,
  fix: "Give another file.",
  path: [],
  span: { offset: 0, length: 0 },
} as const;

/** What some shells write when output is sent to a file. */
const utf16Text = {
  severity: "error",
  code: "syntax",
  message: "The file is not UTF-8 text; it looks like UTF-16.",
  fix: "Save it as UTF-8.",
  path: [],
  span: { offset: 0, length: 0 },
} as const;

/** The words of other languages that people write by habit. */
function wordProblem(text: string, span: Span): { message: string; fix: string; suggestion?: string } | undefined {
  const word = text.slice(span.offset, span.offset + span.length);
  if (/^[-+]?(nan|inf|infinity)$/i.test(word))
    return { message: `JSON has no ${word}.`, fix: "Write a finite number." };
  if (/^(true|false|null)$/i.test(word)) {
    const suggestion = word.toLowerCase();
    return { message: `${word} is written in small letters.`, fix: `Write ${suggestion}.`, suggestion };
  }
  if (/^None$/i.test(word)) return { message: `JSON has no ${word}.`, fix: "Write null.", suggestion: "null" };
  if (word.startsWith("'")) return { message: "Text stands in double quotes.", fix: `Write " instead of '.` };
  return undefined;
}

/** Keys given twice in one group: JSON would silently take the last. */
function duplicateKeys(tree: Node | undefined): readonly ProblemDraft[] {
  const found: ProblemDraft[] = [];
  if (tree !== undefined) collectDuplicates(tree, [], found);
  return found;
}

/** Key by key, without lists in between: there may be thousands of class names, and this runs with each keystroke. */
function collectDuplicates(node: Node, path: Path, found: ProblemDraft[]): void {
  if (node.type === "array") {
    for (const [index, item] of (node.children ?? []).entries()) collectDuplicates(item, [...path, index], found);
  }
  if (node.type !== "object") return;
  const seen = groupValue(node).isOneToOne ? undefined : new Set<string>();
  for (const { children } of node.children ?? []) {
    const key = children?.[0];
    const value = children?.[1];
    if (key === undefined) continue;
    const name = key.value as string;
    if (seen?.has(name)) {
      const span = { offset: key.offset, length: key.length };
      found.push({ ...duplicateText(name), path: [...path, name], span });
    }
    seen?.add(name);
    if (value?.type === "object" || value?.type === "array") collectDuplicates(value, [...path, name], found);
  }
}

function duplicateText(name: string): Omit<ProblemDraft, "path" | "span"> {
  const message = `${JSON.stringify(name)} is given twice in this group.`;
  return { severity: "error", code: "duplicate-key", message, fix: "Keep one of the two." };
}
