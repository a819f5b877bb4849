/** Definition: the file that `extends` names, and over any other key the place in the nearest base that states it too. */
import { findNodeAtOffset } from "jsonc-parser";
import type { Location, Position } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Base } from "../config/inheritance.ts";
import { nodeAt } from "../config/parse.ts";
import type { Span } from "../config/problem.ts";
import { type Analysis, pathOfNode, rangeOf } from "./analysis.ts";
import { uriOf } from "./file-path.ts";

/** Where a value comes from; null where nothing is inherited. */
export function definition(analysis: Analysis, position: Position): Location | null {
  const { bases } = analysis.inheritance;
  const { tree } = analysis.parsed;
  const node = tree && findNodeAtOffset(tree, analysis.document.offsetAt(position), true);
  if (node === undefined || bases.length === 0) return null;
  const path = pathOfNode(node);
  if (path.length === 0) return null;
  if (path[0] === "extends") return placeIn(bases[0] as Base, { offset: 0, length: 0 });
  const base = bases.find(({ parsed }) => nodeAt(parsed.tree, path) !== undefined);
  const found = base && nodeAt(base.parsed.tree, path);
  return base === undefined || found === undefined ? null : placeIn(base, found);
}

function placeIn({ file, parsed }: Base, span: Span): Location {
  const document = TextDocument.create(uriOf(file), "loft", 0, parsed.text);
  return { uri: document.uri, range: rangeOf(document, span) };
}
