/** Quick fixes: what was meant in place of what stands there, surplus keys away, missing ones in, and the schema's line. */
import { findNodeAtOffset, type Node } from "jsonc-parser";
import { type CodeAction, CodeActionKind, type Range, type TextEdit } from "vscode-languageserver";
import { nodeAt, parseConfig, plainValue } from "../config/parse.ts";
import { pathText } from "../config/problem.ts";
import { meantField } from "../config/schema-fields.ts";
import { type Analysis, givenValue, rangeOf, textAt } from "./analysis.ts";
import { type AnyProblem, allProblems, diagnosticOf } from "./diagnostics.ts";
import { configSchema, fieldAt } from "./fields.ts";
import type { KnownFacts } from "./known-facts.ts";
import { editTo, withoutKeyAt, withValue } from "./text-change.ts";

/** A fix: its title, the new text or an edit, and whether an editor may prefer it. */
type Fix = { readonly title: string; readonly edit: TextEdit | undefined; readonly isPreferred?: boolean };

/**
 * The fixes for the problems in a range, and what else can be done there.
 * @param schemaReference how this document names the schema, where it is known
 */
export function codeActions(
  analysis: Analysis,
  range: Range,
  { known, schemaReference }: { readonly known: KnownFacts; readonly schemaReference?: string | undefined },
): CodeAction[] {
  const [first, last] = [analysis.document.offsetAt(range.start), analysis.document.offsetAt(range.end)];
  const touched = allProblems(analysis, known).filter(
    ({ offset, length }) => offset <= last && first <= offset + length,
  );
  const fixes = touched.flatMap((problem) => {
    return fixesOf(analysis, problem).flatMap((fix) => actionOf(analysis, fix, problem) ?? []);
  });
  const schema = schemaReference === undefined ? undefined : schemaLine(analysis, schemaReference);
  return [...fixes, ...(schema === undefined ? [] : [schema])];
}

function actionOf(analysis: Analysis, { title, edit, isPreferred }: Fix, problem: AnyProblem): CodeAction | undefined {
  if (edit === undefined) return undefined;
  return {
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnosticOf(analysis, problem)],
    ...(isPreferred === true ? { isPreferred } : {}),
    edit: { changes: { [analysis.document.uri]: [edit] } },
  };
}

function fixesOf(analysis: Analysis, problem: AnyProblem): readonly Fix[] {
  // What is inherited is mended in the file that states it.
  if (problem.stated !== undefined) return [];
  const meant = suggestionFix(analysis, problem);
  switch (problem.code) {
    case "unknown-key":
      return [...meant, ...moveFix(analysis, problem), removeFix(analysis, problem)];
    case "duplicate-key":
    case "field-unused":
    case "negative-prompt-unused":
    case "class-folder-unknown":
      return [...meant, removeFix(analysis, problem)];
    case "steps-and-epochs":
      return [keyFix(analysis, problem, ["training", "epochs"]), keyFix(analysis, problem, ["training", "steps"])];
    case "missing-key":
      return [missingFix(analysis, problem)];
    case "weights-sum":
      return [weightsFix(analysis)];
    case "weights-count":
      return [adapterCountFix(analysis)];
    case "few-photos":
      return [valueFix(analysis, ["data", "shots"], null, "Use all photos of each class")];
    default:
      return meant;
  }
}

/** Put what was meant in place of what is marked, when what is marked is a whole key, value or word. */
function suggestionFix(analysis: Analysis, problem: AnyProblem): readonly Fix[] {
  const { suggestion, offset, length, code } = problem;
  if (suggestion === undefined || length === 0) return [];
  const { tree, text } = analysis.parsed;
  const marked = text.slice(offset, offset + length);
  const node = tree && findNodeAtOffset(tree, offset);
  const isWhole = node !== undefined && node.offset === offset && node.length === length && isScalar(node);
  if (!isWhole && code !== "syntax") return [];
  const newText = marked.startsWith('"') && code !== "wrong-type" ? JSON.stringify(suggestion) : suggestion;
  const edit = { range: rangeOf(analysis.document, problem), newText };
  return [{ title: `Change to ${newText}`, edit, isPreferred: true }];
}

function isScalar({ type }: Node): boolean {
  return type === "string" || type === "number" || type === "boolean" || type === "null";
}

/** A key that belongs into another group goes there with its value, unless that group has one. */
function moveFix(analysis: Analysis, { path, suggestion }: AnyProblem): readonly Fix[] {
  if (suggestion !== undefined) return [];
  const { tree } = analysis.parsed;
  const target = meantField(String(path.at(-1)), fieldAt(path.slice(0, -1), tree) ?? configSchema);
  const value = givenValue(analysis.parsed, path);
  if (target === undefined || value === undefined || nodeAt(tree, target) !== undefined) return [];
  const parent = nodeAt(tree, path.slice(0, -1));
  const key = parent?.children?.find(({ children }) => children?.[0]?.value === path.at(-1))?.children?.[0];
  const cleared = key && withoutKeyAt(analysis.parsed, key.offset);
  if (cleared === undefined) return [];
  const moved = withValue(parseConfig(cleared), target, value);
  return [
    {
      title: `Move to ${pathText(target)}`,
      edit: moved === undefined ? undefined : editTo(analysis, moved),
      isPreferred: true,
    },
  ];
}

function removeFix(analysis: Analysis, { offset, path }: AnyProblem): Fix {
  const { tree } = analysis.parsed;
  const node = tree && findNodeAtOffset(tree, offset);
  const member = node?.parent?.type === "property" ? node.parent : undefined;
  const key = member?.children?.[0];
  const cleared = key && withoutKeyAt(analysis.parsed, key.offset);
  return {
    title: `Remove ${JSON.stringify(path.at(-1) ?? "")}`,
    edit: cleared === undefined ? undefined : editTo(analysis, cleared),
  };
}

function keyFix(analysis: Analysis, problem: AnyProblem, path: readonly string[]): Fix {
  const parent = nodeAt(analysis.parsed.tree, path.slice(0, -1));
  const key = parent?.children?.find(({ children }) => children?.[0]?.value === path.at(-1))?.children?.[0];
  return removeFix(analysis, { ...problem, path, offset: key?.offset ?? problem.offset });
}

function missingFix(analysis: Analysis, { path }: AnyProblem): Fix {
  const field = fieldAt(path, analysis.parsed.tree);
  const value = path.at(-1) === "kind" ? "fixed" : (field?.examples?.[0] ?? "");
  return valueFix(analysis, path, value, `Add ${JSON.stringify(path.at(-1))}`);
}

function weightsFix(analysis: Analysis): Fix {
  const path = ["fusion", "weights", "values"];
  const node = nodeAt(analysis.parsed.tree, path);
  const values = node?.type === "array" ? (plainValue(node) as readonly number[]) : [];
  const sum = values.reduce((total, value) => total + value, 0);
  const shares = values.map((value) => Number((value / sum).toPrecision(6)));
  if (node === undefined || !shares.every(Number.isFinite)) return { title: "", edit: undefined };
  return {
    title: "Make the weights sum to 1",
    edit: { range: rangeOf(analysis.document, node), newText: `[${shares.join(", ")}]` },
  };
}

function adapterCountFix(analysis: Analysis): Fix {
  const count = nodeAt(analysis.parsed.tree, ["fusion", "weights", "values"])?.children?.length ?? 0;
  return valueFix(analysis, ["fusion", "adaptersPerImage"], count, `Set fusion.adaptersPerImage to ${count}`);
}

function valueFix(analysis: Analysis, path: AnyProblem["path"], value: unknown, title: string): Fix {
  const text = withValue(analysis.parsed, path, value);
  return { title, edit: text === undefined ? undefined : editTo(analysis, text) };
}

/** Editors without a language server find the schema by this line. */
function schemaLine(analysis: Analysis, reference: string): CodeAction | undefined {
  const { tree, text } = analysis.parsed;
  if (tree?.type !== "object" || textAt(analysis.parsed, ["$schema"]) !== undefined) return undefined;
  const isEmpty = (tree.children ?? []).length === 0;
  const line = `"$schema": ${JSON.stringify(reference)}`;
  const room = /^\s*/.exec(text.slice(tree.offset + 1))?.[0] ?? "";
  const newText = isEmpty ? ` ${line} ` : `${room === "" ? " " : room}${line},`;
  const range = rangeOf(analysis.document, { offset: tree.offset + 1, length: 0 });
  return {
    title: "Add the $schema line",
    kind: CodeActionKind.RefactorRewrite,
    edit: { changes: { [analysis.document.uri]: [{ range, newText }] } },
  };
}
