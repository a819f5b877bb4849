/** Completion inside `data.classNames`: the class folders that are there, and a readable name for each. */

import { type CompletionItem, CompletionItemKind, InsertTextFormat } from "vscode-languageserver";
import { counted } from "../base/counted.ts";
import { nodeAt } from "../config/parse.ts";
import { rangeOf } from "./analysis.ts";
import type { CompletionPlace } from "./completion.ts";
import { classesWithPhotos, type KnownFacts } from "./known-facts.ts";
import { snippetText } from "./snippet.ts";

/** Class folders that have no name yet. */
export function classKeyItems(place: CompletionPlace, known: KnownFacts): readonly CompletionItem[] {
  const { analysis, start, end } = place;
  const text = analysis.parsed.text;
  const members = nodeAt(analysis.parsed.tree, ["data", "classNames"])?.children ?? [];
  const others = members.flatMap(({ children }) => (children?.[0] === undefined ? [] : [children[0]]));
  const given = new Set(others.filter(({ offset }) => offset !== start).map(({ value }) => String(value)));
  const after = text.slice(end).trimStart();
  const range = rangeOf(analysis.document, { offset: start, length: end - start });
  return classesWithPhotos(known)
    .filter(({ folder }) => !given.has(folder))
    .map(({ folder, photoCount }) => {
      const key = snippetText(JSON.stringify(folder));
      const value = snippetText(JSON.stringify(readableName(folder)).slice(1, -1));
      const member = after.startsWith(":") ? key : `${key}: "\${1:${value}}"${after.startsWith('"') ? "," : ""}`;
      return {
        label: folder,
        kind: CompletionItemKind.Folder,
        detail: counted(photoCount, "photo"),
        filterText: JSON.stringify(folder),
        insertTextFormat: InsertTextFormat.Snippet,
        textEdit: { range, newText: member },
      };
    });
}

/** The folder's name as words. */
export function classNameItems({ analysis, path, start, end }: CompletionPlace): readonly CompletionItem[] {
  const name = readableName(String(path.at(-1)));
  const range = rangeOf(analysis.document, { offset: start, length: end - start });
  const newText = JSON.stringify(name);
  return [{ label: name, kind: CompletionItemKind.Text, filterText: newText, textEdit: { range, newText } }];
}

/** `apple_pie` reads "apple pie". */
function readableName(folder: string): string {
  const words = folder
    .replace(/^\d+[._-]+(?=\p{L})/u, "")
    .replace(/[_-]+/g, " ")
    .trim();
  return words === "" ? folder : words;
}
