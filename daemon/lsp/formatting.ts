/** Formatting: layout only, comments and trailing commas stay. */
import { format, type FormattingOptions as JsonLayout } from "jsonc-parser";
import type { FormattingOptions, Range, TextEdit } from "vscode-languageserver";
import { type Analysis, rangeOf } from "./analysis.ts";

/** The edits that lay a document, or a range of it, out. */
export function formatting({ document, parsed }: Analysis, options: FormattingOptions, range?: Range): TextEdit[] {
  const { text } = parsed;
  // What is nested deeper than any configuration is beyond the formatter as well.
  if (parsed.problems.some(({ code }) => code === "too-deep")) return [];
  const layout: JsonLayout = {
    tabSize: options.tabSize,
    insertSpaces: options.insertSpaces,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
    insertFinalNewline: options.insertFinalNewline ?? false,
    keepLines: false,
  };
  const offset = range === undefined ? 0 : document.offsetAt(range.start);
  const span = range === undefined ? undefined : { offset, length: document.offsetAt(range.end) - offset };
  return format(text, span, layout).map((edit) => ({ range: rangeOf(document, edit), newText: edit.content }));
}
