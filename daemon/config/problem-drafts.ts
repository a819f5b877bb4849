/** Values at paths of a tree that may be wrong anywhere, and problems at them. */
import type { Node } from "jsonc-parser";
import { nodeAt, propertyAt } from "./parse.ts";
import type { Path, ProblemDraft } from "./problem.ts";

/** An error at a value; at its key, or at the nearest group that exists, when there is none. */
export function draft(tree: Node, code: ProblemDraft["code"], path: Path, message: string, fix: string): ProblemDraft {
  const node = nearestNode(tree, path);
  const length = node.type === "object" || node.type === "array" ? 1 : node.length;
  return { severity: "error", code, message, fix, path, span: { offset: node.offset, length } };
}

function nearestNode(tree: Node, path: Path): Node {
  const parent = path.slice(0, -1);
  const key = propertyAt(nodeAt(tree, parent), String(path.at(-1)))?.key;
  return nodeAt(tree, path) ?? key ?? (path.length === 0 ? tree : nearestNode(tree, parent));
}

/** The text at a path, if there is one. */
export function textAt(tree: Node, path: Path): string | undefined {
  const node = nodeAt(tree, path);
  return node?.type === "string" ? (node.value as string) : undefined;
}

/** The finite number at a path, if there is one. */
export function numberAt(tree: Node, path: Path): number | undefined {
  const node = nodeAt(tree, path);
  return node?.type === "number" && Number.isFinite(node.value) ? (node.value as number) : undefined;
}
