/**
 * The text of a captions file to sections, one per class, and what is wrong with it. Never throws. Two forms:
 *
 *   # a comment                          { "cat": ["a photo of a sleeping {class}",
 *   [cat]                                          "a {class} in the rain"],
 *   a photo of a sleeping {class}          "dog": ["a {class} on a beach"] }
 *   a {class} in the rain
 *   [dog]
 *   a {class} on a beach
 */
import type { Node } from "jsonc-parser";
import { parseConfig, placed } from "./parse.ts";
import { closest } from "./suggest.ts";
import { placeholders, placeholdersOf } from "./template.ts";

/** A class as the file calls it, where, and its captions, at least one when there is no problem. */
export type CaptionSection = { readonly name: string; readonly line: number; readonly captions: readonly string[] };

export type CaptionProblem = { readonly line: number; readonly message: string; readonly fix: string };

export type ParsedCaptions = {
  readonly sections: readonly CaptionSection[];
  readonly problems: readonly CaptionProblem[];
};

/** A class or a caption with its line, from 1. */
type Line = { readonly text: string; readonly line: number };
type Section = Line & { readonly captions: Line[] };

/** Parse the text form. */
export function parseCaptionText(text: string): ParsedCaptions {
  const sections: Section[] = [];
  const problems: CaptionProblem[] = text.includes("\u0000") ? [notUtf8] : [];
  const lines = problems.length === 0 ? text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/) : [];
  for (const [index, whole] of lines.entries()) {
    const line = { text: whole.trim(), line: index + 1 };
    if (line.text === "" || line.text.startsWith("#")) continue;
    const name = /^\[(.*)\]$/.exec(line.text)?.[1]?.trim();
    if (name !== undefined) sections.push({ ...line, text: name, captions: [] });
    else if (sections.length === 0) problems.push(beforeFirst(line));
    else sections.at(-1)?.captions.push(line);
  }
  return checked(sections, problems);
}

/** Parse the JSON form; comments and trailing commas are welcome. */
export function parseCaptionJson(text: string): ParsedCaptions {
  const { tree, problems, lineStarts } = parseConfig(text);
  const lineOf = ({ offset, length }: Node) =>
    placed(lineStarts, { severity: "error", code: "syntax", message: "", path: [], span: { offset, length } }).line;
  if (text.replace(/^\uFEFF/, "").trim() === "") return { sections: [], problems: [noObject] };
  const found = problems.map(({ line, message, fix = "Correct it." }) => ({ line, message, fix }));
  if (tree === undefined || tree.type !== "object" || 0 < found.length) {
    return { sections: [], problems: 0 < found.length ? found : [noObject] };
  }
  const sections: Section[] = [];
  for (const { children } of tree.children ?? []) {
    const [key, list] = children ?? [];
    if (key === undefined) continue;
    const items = list?.type === "array" ? (list.children ?? []) : [];
    const wrong = list?.type === "array" ? items.find(({ type }) => type !== "string") : (list ?? key);
    if (wrong !== undefined) found.push(noCaption(String(key.value), lineOf(wrong)));
    const captions = items.map((item) => ({ text: String(item.value).trim(), line: lineOf(item) }));
    sections.push({ text: String(key.value).trim(), line: lineOf(key), captions });
  }
  return checked(sections, found);
}

/** What both forms ask for: names, captions, and placeholders that are known. */
function checked(sections: readonly Section[], problems: readonly CaptionProblem[]): ParsedCaptions {
  const found = [...problems];
  if (sections.length === 0 && found.length === 0) found.push(emptyFile);
  for (const { text: name, line, captions } of sections) {
    if (name === "") found.push({ line, message: "A class name is empty.", fix: "Write the name of a class." });
    const hasOther = problems.some((problem) => line <= problem.line);
    if (captions.length === 0 && !hasOther) found.push(noCaptions(name, line));
    found.push(...captions.flatMap(captionProblems));
  }
  return {
    sections: sections.map(({ text: name, line, captions }) => {
      return { name, line, captions: captions.map(({ text }) => text) };
    }),
    problems: found.sort((left, right) => left.line - right.line),
  };
}

function captionProblems({ text, line }: Line): readonly CaptionProblem[] {
  if (text === "") return [{ line, message: "A caption is empty.", fix: "Write one, or remove it." }];
  const unknown = placeholdersOf(text).filter((name) => !(placeholders as readonly string[]).includes(name));
  return unknown.map((name) => {
    const meant = closest(name, placeholders);
    const fix = meant === undefined ? "Known are {class} and {domain}." : `Did you mean {${meant}}?`;
    return { line, message: `The caption has the unknown placeholder {${name}}.`, fix };
  });
}

function beforeFirst({ line }: Line): CaptionProblem {
  return { line, message: "A caption stands before the first class.", fix: "Write a line like [cat] above it." };
}

function noCaptions(name: string, line: number): CaptionProblem {
  return { line, message: `The class "${name}" has no caption.`, fix: "Write at least one." };
}

function noCaption(name: string, line: number): CaptionProblem {
  const message = `The class "${name}" has something else than a list of texts.`;
  return { line, message, fix: 'Write for example "cat": ["a photo of a sleeping {class}"].' };
}

const notUtf8 = { line: 1, message: "The file is not UTF-8 text; it looks like UTF-16.", fix: "Save it as UTF-8." };
const emptyFile = {
  line: 1,
  message: "The file holds no class.",
  fix: "Write a line like [cat], and below it a caption a line.",
};
const noObject = {
  line: 1,
  message: "The file is no JSON object of classes.",
  fix: 'Write for example { "cat": ["a photo of a sleeping {class}"] }.',
};
