/** One version of a document, understood: text, tree, problems, preset and resolved values. Immutable; everything an LSP feature starts from. */
import type { Node } from "jsonc-parser";
import type { Range } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { LoftConfig } from "../../schemas/generated/loft-config.ts";
import { loftDefaults } from "../../schemas/generated/loft-defaults.ts";
import { nodeAt, type ParsedConfig, parseConfig, plainValue, propertyAt } from "../config/parse.ts";
import type { MethodName, Preset } from "../config/preset.ts";
import type { Path, Problem, Span } from "../config/problem.ts";
import { type Resolution, resolveConfig } from "../config/resolve.ts";
import { validateConfig } from "../config/validate.ts";
import { methods } from "../pipeline/methods/methods.ts";
import { choosePreset } from "../pipeline/presets.ts";
import { fileNameOf, filePathOf } from "./file-path.ts";

export type Analysis = {
  /** A copy of its own: later edits of the open document do not reach it. */
  readonly document: TextDocument;
  readonly parsed: ParsedConfig;
  readonly problems: readonly Problem[];
  /** The preset that applies, whatever else is wrong with the text. */
  readonly preset: Preset;
  /** There when no problem is an error. */
  readonly config?: LoftConfig;
  readonly resolution?: Resolution;
  /** Absolute path; undefined for a document that is not on a disk. */
  readonly file?: string;
};

/** Parse and check one version of a document. Never throws. */
export function analyze(uri: string, version: number, text: string): Analysis {
  const document = TextDocument.create(uri, "loft", version, text);
  const parsed = parseConfig(text);
  const { config, problems } = validateConfig(parsed, choosePreset);
  const preset = presetOf(parsed);
  const file = filePathOf(uri);
  return {
    document,
    parsed,
    problems,
    preset,
    ...(config === undefined ? {} : { config, resolution: resolveConfig(config, preset, file ?? fileNameOf(uri)) }),
    ...(file === undefined ? {} : { file }),
  };
}

/** The model that the text names, or the default. */
export function modelName({ parsed }: Pick<Analysis, "parsed">): string {
  return (textAt(parsed, ["model"]) ?? loftDefaults.model).trim();
}

/** The method that the text names, or the default. */
export function methodName({ parsed }: Pick<Analysis, "parsed">): MethodName {
  const method = textAt(parsed, ["method"]);
  return method !== undefined && Object.hasOwn(methods, method) ? (method as MethodName) : loftDefaults.method;
}

/** The text at a path, where there is one that says something. */
export function textAt(parsed: ParsedConfig, path: Path): string | undefined {
  const node = nodeAt(parsed.tree, path);
  return node?.type === "string" && String(node.value).trim() !== "" ? String(node.value) : undefined;
}

/** The value at a path as the text has it; undefined where there is none. */
export function givenValue(parsed: ParsedConfig, path: Path): unknown {
  const node = nodeAt(parsed.tree, path);
  return node === undefined ? undefined : plainValue(node);
}

/** Where a problem of a path is marked: its value, else its key, else the nearest group; of groups only the bracket. */
export function spanAt({ tree }: ParsedConfig, path: Path): Span {
  const value = nodeAt(tree, path);
  const key = propertyAt(nodeAt(tree, path.slice(0, -1)), String(path.at(-1)))?.key;
  const node = value ?? key;
  if (node === undefined)
    return path.length === 0 ? { offset: 0, length: 0 } : spanAt({ tree } as ParsedConfig, path.slice(0, -1));
  const isContainer = node.type === "object" || node.type === "array";
  return { offset: node.offset, length: isContainer ? 1 : node.length };
}

/** A stretch of the text as LSP says it. */
export function rangeOf(document: TextDocument, { offset, length }: Span): Range {
  return { start: document.positionAt(offset), end: document.positionAt(offset + length) };
}

/** The path of a key or value node. */
export function pathOfNode(node: Node): Path {
  const parent = node.parent;
  if (parent === undefined) return [];
  if (parent.type === "property") return [...pathOfNode(parent.parent as Node), String(parent.children?.[0]?.value)];
  if (parent.type === "array") return [...pathOfNode(parent), (parent.children ?? []).indexOf(node)];
  return pathOfNode(parent);
}

function presetOf(parsed: ParsedConfig): Preset {
  const wanted = textAt(parsed, ["preset"]);
  const name = wanted === "paper" || wanted === "loft-mini" ? wanted : "auto";
  return choosePreset(name, modelName({ parsed }), methodName({ parsed }));
}
