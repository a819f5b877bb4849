/** Rename of a class: its name, or its folder's name, in `data.classNames`. Files on disk are not renamed. */
import { findNodeAtOffset, type Node } from "jsonc-parser";
import type { Position, Range, WorkspaceEdit } from "vscode-languageserver";
import { nodeAt } from "../config/parse.ts";
import { type Analysis, pathOfNode, rangeOf } from "./analysis.ts";
import { insideQuotes } from "./document-links.ts";

/** What can be renamed at a position: the text without quotes; null where nothing can. */
export function prepareRename(
  analysis: Analysis,
  position: Position,
): { readonly range: Range; readonly placeholder: string } | null {
  const node = classNodeAt(analysis, position);
  if (node === undefined) return null;
  return {
    range: rangeOf(analysis.document, insideQuotes(analysis.parsed.text, node)),
    placeholder: String(node.value),
  };
}

/** The edit, or why the new name will not do; null where nothing can be renamed. */
export function renameClass(
  analysis: Analysis,
  position: Position,
  newName: string,
): WorkspaceEdit | { readonly refused: string } | null {
  const node = classNodeAt(analysis, position);
  if (node === undefined) return null;
  if (newName.trim() === "") return { refused: "A class needs a name." };
  const isFolder = isKey(node);
  const same = alike(analysis, node).filter((other) => other.value === node.value);
  const taken = alike(analysis, node).some(
    (other) => other.value !== node.value && String(other.value).trim() === newName.trim(),
  );
  if (taken)
    return { refused: `Another ${isFolder ? "entry is for the folder" : "class has the name"} "${newName.trim()}".` };
  const newText = JSON.stringify(newName).slice(1, -1);
  const edits = same.map((each) => ({
    range: rangeOf(analysis.document, insideQuotes(analysis.parsed.text, each)),
    newText,
  }));
  return { changes: { [analysis.document.uri]: edits } };
}

/** A key or a text in `data.classNames`. */
function classNodeAt(analysis: Analysis, position: Position): Node | undefined {
  const { tree, text } = analysis.parsed;
  const offset = analysis.document.offsetAt(position);
  const node = tree && (findNodeAtOffset(tree, offset, true) ?? undefined);
  if (node?.type !== "string" || text[node.offset + node.length - 1] !== '"' || node.length < 2) return undefined;
  const path = pathOfNode(node);
  return path.length === 3 && path[0] === "data" && path[1] === "classNames" ? node : undefined;
}

function isKey(node: Node): boolean {
  return node.parent?.children?.[0] === node;
}

/** All keys for a key, all texts for a text. */
function alike({ parsed }: Analysis, node: Node): readonly Node[] {
  const members = nodeAt(parsed.tree, ["data", "classNames"])?.children ?? [];
  return members.flatMap(({ children }) => {
    const found = children?.[isKey(node) ? 0 : 1];
    return found?.type === "string" && 2 <= found.length ? [found] : [];
  });
}
