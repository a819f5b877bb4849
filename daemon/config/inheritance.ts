/** `extends`: what a configuration inherits from other files, as one tree. Pure: the other files are handed in. */
import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Node } from "jsonc-parser";
import { nodeAt, type ParsedConfig, propertyAt } from "./parse.ts";
import { type Path, type ProblemDraft, pathText, type Span } from "./problem.ts";
import { numberAt, textAt } from "./problem-drafts.ts";
import type { Resolution } from "./resolve.ts";
import { configFieldSchema, type FieldSchema } from "./schema-fields.ts";

/** A configuration that another one extends: its absolute path, and its path as it is read from the other's folder. */
export type Base = { readonly file: string; readonly name: string; readonly parsed: ParsedConfig };

/** What a file named by `extends` turned out to be. */
export type BaseFile = { readonly parsed: ParsedConfig } | { readonly failure: "missing" | "unreadable" | "too-large" };

/** A field that a base states, with its value's node in the base's own tree. */
export type InheritedField = { readonly base: Base; readonly node: Node };

export type Inheritance = {
  /** The file's own tree with what the bases state grafted in; inherited nodes carry the place of the `extends` value. */
  readonly tree: Node | undefined;
  /** The bases, nearest first, as far as they are known. */
  readonly bases: readonly Base[];
  /** Where the values come from that the file does not state itself, by field (`training.steps`). */
  readonly fields: ReadonlyMap<string, InheritedField>;
  /** The base that is not known yet: read it and call again. */
  readonly wanted?: string;
  /** The base that is missing or cannot be read. */
  readonly failed?: string;
  /** False while a base is not known, or cannot be: required values may be in it. */
  readonly isComplete: boolean;
  /** What is wrong with the chain of files. */
  readonly problems: readonly ProblemDraft[];
};

/** A longer chain is a mistake, or a folder that contains itself by a link. */
const longestChain = 16;

/**
 * Follow `extends` as far as the files are known. Groups are inherited field by field; a field that the file states
 * replaces the base's whole. `$schema`, `name` and `output.folder` are each file's own, so that two runs never share a
 * folder; of `training.steps` and `training.epochs` the nearer one counts. Paths of a base are turned so that they mean
 * the same place from the file's folder.
 * @param file absolute; undefined for a text that lies on no disk
 * @param baseAt the file at an absolute path; undefined while it is not known
 */
export function inherit(
  parsed: ParsedConfig,
  file: string | undefined,
  baseAt: (file: string) => BaseFile | undefined,
): Inheritance {
  const chain = followChain(parsed, file, baseAt);
  const mark = nodeAt(parsed.tree, ["extends"]);
  if (parsed.tree?.type !== "object" || mark === undefined || file === undefined)
    return { tree: parsed.tree, fields: new Map(), ...chain };
  const fields = new Map<string, InheritedField>();
  const tree = chain.bases.reduce((grown, base) => grafted(grown, { base, file, mark, fields }), parsed.tree);
  return { tree, fields, ...chain };
}

/** The field of a base that a path lies in; undefined for what the file states itself, or nobody does. */
export function inheritedField({ fields }: Inheritance, path: Path): InheritedField | undefined {
  return fields.get(pathText(path.slice(0, 2))) ?? fields.get(pathText(path.slice(0, 1)));
}

/** What is wrong with the texts of the bases themselves, told at `extends`; of many problems the first few. */
export function inheritedProblems({ bases, tree }: Inheritance): readonly ProblemDraft[] {
  const mark = nodeAt(tree, ["extends"]);
  if (mark === undefined) return [];
  return bases.flatMap(({ file, name, parsed }) =>
    parsed.problems.slice(0, shownProblems).map(({ offset: _, length, line, column, ...problem }) => ({
      ...problem,
      span: { offset: mark.offset, length: mark.length },
      stated: { file, name, line, column, length },
    })),
  );
}

const shownProblems = 5;

/** The resolution with the bases named as those who decided what they state. */
export function withInheritedOrigins({ config, origins }: Resolution, { fields }: Inheritance): Resolution {
  if (fields.size === 0) return { config, origins };
  const entries = Object.entries(origins).map(([path, origin]) => {
    const inherited = fields.get(path) ?? (path.startsWith("training.") ? otherDuration(path, fields) : undefined);
    if (inherited === undefined || origin.from !== "user") return [path, origin] as const;
    const unit = origin.source.endsWith(" in this file") ? origin.source.replace("this file", "") : "";
    return [path, { from: "base", source: `${unit}${inherited.base.name}` }] as const;
  });
  return { config, origins: Object.fromEntries(entries) };
}

/** Of steps and epochs one decides for both. */
function otherDuration(path: string, fields: Inheritance["fields"]): InheritedField | undefined {
  if (path === "training.steps") return fields.get("training.epochs");
  return path === "training.epochs" ? fields.get("training.steps") : undefined;
}

type Chain = Pick<Inheritance, "bases" | "wanted" | "failed" | "isComplete" | "problems">;

function followChain(
  parsed: ParsedConfig,
  file: string | undefined,
  baseAt: (file: string) => BaseFile | undefined,
): Chain {
  const bases: Base[] = [];
  const first = extendedName(parsed);
  if (first === undefined) return { bases, isComplete: true, problems: [] };
  if (file === undefined) return { bases, isComplete: false, problems: [] };
  const own: Base = { file, name: basename(file), parsed };
  for (let last = own; ; ) {
    const reference = extendedName(last.parsed);
    if (reference === undefined) return { bases, isComplete: true, problems: [] };
    const place = resolve(dirname(last.file), reference);
    const step = { own, last, name: pathFrom(dirname(file), place) };
    if ([own, ...bases].some((source) => source.file === place)) return broken(bases, cycleProblem(step, bases));
    if (bases.length === longestChain) return broken(bases, longProblem(step));
    const base = baseAt(place);
    if (base === undefined) return { bases, wanted: place, isComplete: false, problems: [] };
    if ("failure" in base) return { ...broken(bases, failedProblem(step, base.failure)), failed: place };
    last = { file: place, name: step.name, parsed: base.parsed };
    bases.push(last);
  }
}

/** The file that a configuration extends, as it says. A NUL is in no path. */
function extendedName({ tree }: ParsedConfig): string | undefined {
  const name = tree && textAt(tree, ["extends"]);
  return name === undefined || name.trim() === "" || name.includes("\u0000") ? undefined : name;
}

type Step = {
  readonly own: Base;
  /** The file that names the next one. */
  readonly last: Base;
  /** The next one, as it is read from the folder of the first. */
  readonly name: string;
};

function broken(bases: readonly Base[], problem: ProblemDraft): Chain {
  return { bases, isComplete: false, problems: [problem] };
}

function cycleProblem({ own, name }: Step, bases: readonly Base[]): ProblemDraft {
  const names = [own, ...bases].map((base) => base.name);
  const message = `extends goes round in a circle: ${[...names, name].join(" extends ")}.`;
  return atExtends(own, "extends-cycle", message, "Remove extends from one of them.");
}

function longProblem({ own }: Step): ProblemDraft {
  const message = `extends leads through more than ${longestChain} files.`;
  return atExtends(own, "extends-too-long", message, "Let the files extend fewer others.");
}

function failedProblem({ own, last, name }: Step, failure: "missing" | "unreadable" | "too-large"): ProblemDraft {
  const what = `"${name}"${last === own ? "" : `, which "${last.name}" extends`}`;
  const texts = {
    missing: [
      `There is no file ${what}.`,
      "Give the path of another configuration, relative to the file that extends it.",
    ],
    unreadable: [`The file ${what} cannot be read.`, "Check that it is a file, and its permissions."],
    "too-large": [`The file ${what} is too large for a configuration.`, "Give another configuration."],
  } as const;
  const [message, fix] = texts[failure];
  return atExtends(own, failure === "missing" ? "extends-missing" : "extends-unreadable", message, fix);
}

function atExtends(own: Base, code: ProblemDraft["code"], message: string, fix: string): ProblemDraft {
  const node = nodeAt(own.parsed.tree, ["extends"]);
  const span: Span = { offset: node?.offset ?? 0, length: node?.length ?? 0 };
  return { severity: "error", code, message, fix, path: ["extends"], span };
}

type Graft = {
  readonly base: Base;
  /** The file that inherits. */
  readonly file: string;
  readonly mark: Node;
  /** Filled with what is inherited. */
  readonly fields: Map<string, InheritedField>;
};

const ownFields: ReadonlySet<string> = new Set(["$schema", "extends", "name", "output.folder"]);

/** Whether a base may give a value: groups and fields but for those that are each file's own. */
export function isInheritable(path: Path): boolean {
  return !ownFields.has(pathText(path.slice(0, 1))) && !ownFields.has(pathText(path.slice(0, 2)));
}

/** A tree with what a base states beside it. Neither is changed. */
function grafted(tree: Node, graft: Graft): Node {
  const added = membersOf(graft.base.parsed.tree).flatMap(({ name, value }) => {
    const isGroup = configFieldSchema([name])?.properties !== undefined && value.type === "object";
    if (!isGroup) return graftedMember(tree, [name], value, graft);
    return propertyAt(tree, name) === undefined ? [graftedGroup(tree, name, value, graft)] : [];
  });
  const children = (tree.children ?? []).map((member) => grownMember(tree, member, graft));
  return { ...tree, children: [...children, ...added] };
}

/** A member that both have: a group grows by the fields that only the base states. */
function grownMember(tree: Node, member: Node, graft: Graft): Node {
  const [key, group] = member.children ?? [];
  const other = key && nodeAt(graft.base.parsed.tree, [String(key.value)]);
  if (key === undefined || group?.type !== "object" || other?.type !== "object") return member;
  if (configFieldSchema([String(key.value)])?.properties === undefined) return member;
  const added = fieldsOfGroup(tree, String(key.value), other, graft);
  return { ...member, children: [key, { ...group, children: [...(group.children ?? []), ...added] }] };
}

function graftedGroup(tree: Node, name: string, group: Node, graft: Graft): Node {
  const value = { ...marked(group, graft), children: [...fieldsOfGroup(tree, name, group, graft)] };
  return memberNode(name, value, graft);
}

function fieldsOfGroup(tree: Node, name: string, group: Node, graft: Graft): readonly Node[] {
  return membersOf(group).flatMap((member) => graftedMember(tree, [name, member.name], member.value, graft));
}

function graftedMember(tree: Node, path: readonly string[], value: Node, graft: Graft): readonly Node[] {
  if (!isInheritable(path) || isStated(tree, path)) return [];
  const { base, fields } = graft;
  fields.set(pathText(path), { base, node: value });
  return [memberNode(path.at(-1) as string, transplanted(value, configFieldSchema(path), graft), graft)];
}

/** Whether a nearer file states a field, or the one that is decided together with it. */
function isStated(tree: Node, path: readonly string[]): boolean {
  if (propertyAt(nodeAt(tree, path.slice(0, -1)), path.at(-1) as string) !== undefined) return true;
  const others: Readonly<Record<string, string>> = { "training.steps": "epochs", "training.epochs": "steps" };
  const other = others[pathText(path)];
  return other !== undefined && numberAt(tree, ["training", other]) !== undefined;
}

/** A base's node at the place of the `extends` value, with paths as they read from the file's folder. */
function transplanted(node: Node, schema: FieldSchema | undefined, graft: Graft): Node {
  const copy = marked(node, graft);
  if (node.type === "array") {
    return { ...copy, children: (node.children ?? []).map((item) => transplanted(item, schema?.items, graft)) };
  }
  if (node.type === "object") {
    const children = membersOf(node).map(({ name, value }) =>
      memberNode(name, transplanted(value, schema?.properties?.[name], graft), graft),
    );
    return { ...copy, children };
  }
  return node.type === "string" ? { ...copy, value: turnedPath(node.value as string, schema, graft) } : copy;
}

/** A model's folder is told from a model's name by its beginning, for both may hold slashes. */
function turnedPath(text: string, schema: FieldSchema | undefined, { base, file }: Graft): string {
  const kind = schema?.["x-path"];
  const isPath = kind === "path" || (kind === "name-or-path" && /^\.\.?([\\/]|$)/.test(text));
  const [from, to] = [dirname(file), dirname(base.file)];
  if (!isPath || text.trim() === "" || text.includes("\u0000") || from === to || isAbsolute(text)) return text;
  const path = pathFrom(from, resolve(to, text));
  return kind === "name-or-path" && !path.startsWith(".") ? `./${path}` : path;
}

function pathFrom(folder: string, target: string): string {
  return (relative(folder, target) || ".").split(sep).join("/");
}

function memberNode(name: string, value: Node, graft: Graft): Node {
  const key = { ...marked(graft.mark, graft), value: name };
  return { type: "property", offset: graft.mark.offset, length: graft.mark.length, children: [key, value] };
}

/** Without parent and children. */
function marked({ type, value }: Node, { mark }: Graft): Node {
  return { type, value, offset: mark.offset, length: mark.length };
}

/** The members of a group that have a value; of a key given twice the last. */
function membersOf(group: Node | undefined): readonly { readonly name: string; readonly value: Node }[] {
  if (group?.type !== "object") return [];
  const members = new Map<string, Node>();
  for (const { children } of group.children ?? []) {
    const [key, value] = children ?? [];
    if (key !== undefined && value !== undefined) members.set(String(key.value), value);
  }
  return [...members].map(([name, value]) => ({ name, value }));
}
