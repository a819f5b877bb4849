/** Changes of a configuration's text that keep its comments and its layout. */
import { findNodeAtOffset, type Node } from "jsonc-parser";
import type { TextEdit } from "vscode-languageserver";
import { nodeAt, type ParsedConfig, propertyAt } from "../config/parse.ts";
import type { Path, Span } from "../config/problem.ts";
import { valueText } from "./amounts.ts";
import { type Analysis, rangeOf } from "./analysis.ts";

/** The one edit that turns the document into `text`: what both have in common at both ends is left alone. */
export function editTo({ document, parsed }: Analysis, text: string): TextEdit {
  const old = parsed.text;
  const room = Math.min(old.length, text.length);
  let start = 0;
  while (start < room && old[start] === text[start]) start += 1;
  let end = 0;
  while (end < room - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
  // Half a character, or half a line end, is no place for an edit.
  if (isInside(old, start) || isInside(text, start)) start -= 1;
  if (isInside(old, old.length - end) || isInside(text, text.length - end)) end = Math.max(0, end - 1);
  const range = rangeOf(document, { offset: start, length: old.length - end - start });
  return { range, newText: text.slice(start, text.length - end) };
}

/**
 * The text with a value set at a path; groups on the way are made. A group that stands on one line stays on it.
 * Undefined where that cannot be: something on the way is no group.
 */
export function withValue(parsed: ParsedConfig, path: Path, value: unknown): string | undefined {
  const { text, tree } = parsed;
  const present = nodeAt(tree, path);
  if (present !== undefined) return spliced(text, present, valueText(value, Number.POSITIVE_INFINITY));
  const depth = path.findLastIndex((_, index) => nodeAt(tree, path.slice(0, index)) !== undefined);
  const group = nodeAt(tree, path.slice(0, depth));
  const key = path[depth];
  if (group?.type !== "object" || typeof key !== "string" || propertyAt(group, key) !== undefined) return undefined;
  const inner = path.slice(depth + 1).reduceRight<unknown>((nested, part) => ({ [part]: nested }), value);
  return withMember(text, group, `${JSON.stringify(key)}: ${valueText(inner, Number.POSITIVE_INFINITY)}`);
}

/** The text with a member at the end of a group: on a line of its own where the group has lines. */
function withMember(text: string, group: Node, member: string): string {
  const hasLines = text.slice(group.offset, group.offset + group.length).includes("\n");
  const last = group.children?.at(-1);
  const { eol, unit } = layoutOf(text);
  if (last === undefined) {
    const inserted = hasLines ? `${eol}${indentAt(text, group.offset)}${unit}${member}` : ` ${member} `;
    return spliced(text, { offset: group.offset + 1, length: 0 }, inserted);
  }
  const end = last.offset + last.length;
  const comma = commaBehind(text, end);
  const head = comma === undefined ? `${text.slice(0, end)},` : text.slice(0, comma + 1);
  const rest = text.slice(comma === undefined ? end : comma + 1);
  // A remark behind the last member stays behind it.
  const remark = hasLines ? (/^[ \t]*(\/\/[^\r\n]*|\/\*((?!\*\/)[^\r\n])*\*\/)/.exec(rest)?.[0] ?? "") : "";
  const before = hasLines ? `${eol}${indentAt(text, last.offset)}` : " ";
  return `${head}${remark}${before}${member}${comma === undefined ? "" : ","}${rest.slice(remark.length)}`;
}

/** The white space at the start of the line of an offset. */
function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? "";
}

function spliced(text: string, { offset, length }: Span, inserted: string): string {
  return text.slice(0, offset) + inserted + text.slice(offset + length);
}

/** The text without the key that stands at an offset, its value, and the comma that belongs to them. */
export function withoutKeyAt(parsed: ParsedConfig, keyOffset: number): string | undefined {
  const key = parsed.tree && findNodeAtOffset(parsed.tree, keyOffset);
  const member = key?.parent;
  const group = member?.parent;
  if (key === undefined || member?.type !== "property" || member.children?.[0] !== key || group === undefined)
    return undefined;
  const { start, end } = memberSpan(parsed.text, group, member);
  return parsed.text.slice(0, start) + parsed.text.slice(end);
}

/** Line end and indentation as the text has them, for what is added to it. */
function layoutOf(text: string): { readonly eol: string; readonly unit: string } {
  return { eol: text.includes("\r\n") ? "\r\n" : "\n", unit: /^([ \t]+)"/m.exec(text)?.[1] ?? "  " };
}

/** From the end of the member before, through the member, to the comma; the first member takes the room behind it. */
function memberSpan(text: string, group: Node, member: Node): { readonly start: number; readonly end: number } {
  const members = group.children ?? [];
  const index = members.indexOf(member);
  const [before, after] = [members[index - 1], members[index + 1]];
  const end = member.offset + member.length;
  if (before !== undefined) {
    const comma = commaBehind(text, before.offset + before.length);
    // With a comma before it the one behind it stays for what follows.
    return { start: comma ?? before.offset + before.length, end };
  }
  if (after !== undefined) return { start: member.offset, end: after.offset };
  const trailing = /^\s*,/.exec(text.slice(end))?.[0].length ?? 0;
  const leading = /\s*$/.exec(text.slice(0, member.offset))?.[0].length ?? 0;
  return { start: member.offset - leading, end: end + trailing };
}

/** The comma right behind a member; one behind a comment is not looked for. */
function commaBehind(text: string, end: number): number | undefined {
  const found = /^\s*,/.exec(text.slice(end));
  return found === null ? undefined : end + found[0].length - 1;
}

function isInside(text: string, offset: number): boolean {
  const pair = text.slice(offset - 1, offset + 1);
  return 0 < offset && (pair === "\r\n" || /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(pair));
}
