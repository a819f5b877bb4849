/** One version of a document, understood: text, tree, problems, preset and resolved values. Immutable; everything an LSP feature starts from. */
import type { Node } from "jsonc-parser";
import type { Range } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { LoftConfig } from "../../schemas/generated/loft-config.ts";
import { loftDefaults } from "../../schemas/generated/loft-defaults.ts";
import { type BaseFile, type Inheritance, inherit, withInheritedOrigins } from "../config/inheritance.ts";
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
  /** The text's tree with what it inherits from the files it extends, as far as they are known. */
  readonly inheritance: Inheritance;
  /** The preset that applies, whatever else is wrong with the text. */
  readonly preset: Preset;
  /** There when no problem is an error. */
  readonly config?: LoftConfig;
  readonly resolution?: Resolution;
  /** Absolute path; undefined for a document that is not on a disk. */
  readonly file?: string;
};

/**
 * Parse and check one version of a document. Never throws.
 * @param baseAt the files that configurations extend, as they are saved; undefined for one that is not known yet
 */
export function analyze(
  uri: string,
  version: number,
  text: string,
  baseAt: (file: string) => BaseFile | undefined = () => undefined,
): Analysis {
  const document = TextDocument.create(uri, "loft", version, text);
  const parsed = parseConfig(text);
  const file = filePathOf(uri);
  const inheritance = inherit(parsed, file, baseAt);
  const { config, problems } = validateConfig(parsed, choosePreset, inheritance);
  const preset = presetOf(inheritance);
  const resolution = config && resolveConfig(config, preset, file ?? fileNameOf(uri));
  return {
    document,
    parsed,
    problems,
    inheritance,
    preset,
    ...(config === undefined ? {} : { config }),
    ...(resolution === undefined ? {} : { resolution: withInheritedOrigins(resolution, inheritance) }),
    ...(file === undefined ? {} : { file }),
  };
}

/** The model that the text names or inherits, or the default. */
export function modelName({ inheritance }: Pick<Analysis, "inheritance">): string {
  return (textAt(inheritance, ["model"]) ?? loftDefaults.model).trim();
}

/** The method that the text names or inherits, or the default. */
export function methodName({ inheritance }: Pick<Analysis, "inheritance">): MethodName {
  const method = textAt(inheritance, ["method"]);
  return method !== undefined && Object.hasOwn(methods, method) ? (method as MethodName) : loftDefaults.method;
}

/** A tree to look into: the text's own, or the one with what it inherits. */
type Tree = { readonly tree: Node | undefined };

/** The text at a path, where there is one that says something. */
export function textAt({ tree }: Tree, path: Path): string | undefined {
  const node = nodeAt(tree, path);
  return node?.type === "string" && String(node.value).trim() !== "" ? String(node.value) : undefined;
}

/** The value at a path as the text has it; undefined where there is none. */
export function givenValue({ tree }: Tree, path: Path): unknown {
  const node = nodeAt(tree, path);
  return node === undefined ? undefined : plainValue(node);
}

/** Where a problem of a path is marked: its value, else its key, else the nearest group; of groups only the bracket. */
export function spanAt({ tree }: Tree, path: Path): Span {
  const value = nodeAt(tree, path);
  const key = propertyAt(nodeAt(tree, path.slice(0, -1)), String(path.at(-1)))?.key;
  const node = value ?? key;
  if (node === undefined) return path.length === 0 ? { offset: 0, length: 0 } : spanAt({ tree }, path.slice(0, -1));
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

function presetOf(inheritance: Inheritance): Preset {
  const wanted = textAt(inheritance, ["preset"]);
  const name = wanted === "paper" || wanted === "loft-mini" ? wanted : "auto";
  return choosePreset(name, modelName({ inheritance }), methodName({ inheritance }));
}
