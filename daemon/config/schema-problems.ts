/** What the schema's validator found, told to the user: each violation as a problem at its key or value. */
import type { Node } from "jsonc-parser";
import { type SchemaError, validate } from "../../schemas/generated/validate.mjs";
import { nodeAt, plainValue, propertyAt } from "./parse.ts";
import { mostProblems, type Path, type ProblemCode, type ProblemDraft, pathText, type Span } from "./problem.ts";
import { type FieldSchema, meantField } from "./schema-fields.ts";
import { closest } from "./suggest.ts";

/** Every place where the tree's value does not follow the schema, the first ones of very many; empty when it does. */
export function schemaProblems(tree: Node): readonly ProblemDraft[] {
  if (validate(plainValue(tree))) return [];
  return (validate.errors ?? []).slice(0, mostProblems).flatMap((error) => problemOf(tree, error) ?? []);
}

/** A problem in the making: the place of the value and what the schema says about it. */
type Violation = {
  readonly tree: Node;
  readonly error: SchemaError;
  readonly path: Path;
  readonly schema: FieldSchema;
};

function problemOf(tree: Node, error: SchemaError): ProblemDraft | undefined {
  const path = pathOf(tree, error.instancePath);
  const violation = { tree, error, path, schema: error.parentSchema as FieldSchema };
  switch (error.keyword) {
    case "additionalProperties":
      return unknownKey(violation);
    case "required":
      return missingKey(violation, String(error.params.missingProperty));
    case "discriminator":
      return wrongKind(violation);
    case "type":
      return wrongType(violation);
    case "enum":
      return wrongChoice(violation);
    case "pattern":
      return atValue(violation, "wrong-value", `${named(path)} must not be empty.`, exampleFix(violation));
    case "multipleOf":
      return notMultiple(violation);
    case "minItems":
    case "uniqueItems":
      return wrongList(violation);
    default:
      return outOfRange(violation);
  }
}

function unknownKey({ tree, error, path, schema }: Violation): ProblemDraft {
  const key = String(error.params.additionalProperty);
  const node = propertyAt(nodeAt(tree, path), key)?.key ?? tree;
  const meant = meantField(key, schema);
  const keyPath = [...path, key];
  const place = path.length === 0 ? "the configuration" : pathText(path);
  const draft = {
    severity: "error",
    code: "unknown-key",
    message: `${JSON.stringify(key)} is no key of ${place}.`,
    path: keyPath,
    span: { offset: node.offset, length: node.length },
  } as const;
  if (meant === undefined) return { ...draft, fix: `Known here: ${Object.keys(schema.properties ?? {}).join(", ")}.` };
  const isSibling = Object.keys(schema.properties ?? {}).includes(meant[0] as string) && meant.length === 1;
  if (isSibling) return { ...draft, fix: `Did you mean ${JSON.stringify(meant[0])}?`, suggestion: meant[0] as string };
  return { ...draft, fix: `Did you mean ${pathText(meant)}?` };
}

/** A key that must be there; silent when the key stands there without a readable value, which is a problem already. */
function missingKey({ tree, path }: Violation, key: string): ProblemDraft | undefined {
  const group = nodeAt(tree, path);
  if (propertyAt(group, key) !== undefined) return undefined;
  const example = key === "data" ? '"data": { "folder": "photos" }' : `"${key}": "photos"`;
  return {
    severity: "error",
    code: "missing-key",
    message: `${JSON.stringify(key)} is missing${path.length === 0 ? "" : ` in ${pathText(path)}`}.`,
    fix: `Write for example ${example}.`,
    path: [...path, key],
    span: { offset: group?.offset ?? 0, length: 1 },
  };
}

const weightKinds = ["fixed", "uniform", "dirichlet"];

function wrongKind(violation: Violation): ProblemDraft | undefined {
  const kind = violation.error.params.tagValue;
  const group = nodeAt(violation.tree, violation.path);
  if (propertyAt(group, "kind") === undefined) {
    const draft = missingKey(violation, "kind");
    return draft && { ...draft, fix: `Write "kind": ${orList(weightKinds)}.` };
  }
  if (kind === undefined) return undefined;
  return choiceProblem({ ...violation, path: [...violation.path, "kind"] }, kind, weightKinds);
}

function wrongChoice(violation: Violation): ProblemDraft | undefined {
  // A value of the wrong type is told once, as such.
  if (typeof violation.error.data !== "string") return undefined;
  return choiceProblem(violation, violation.error.data, (violation.schema.enum ?? []) as readonly string[]);
}

function choiceProblem(violation: Violation, found: unknown, choices: readonly string[]): ProblemDraft {
  const meant = typeof found === "string" ? closest(found, choices) : undefined;
  const known = choices.length === 1 ? `Only ${orList(choices)} is known.` : `Write ${orList(choices)}.`;
  const message = `${named(violation.path)} cannot be ${describe(found)}.`;
  if (meant === undefined) return atValue(violation, "wrong-value", message, known);
  return { ...atValue(violation, "wrong-value", message, `Did you mean "${meant}"?`), suggestion: meant };
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text in double quotes",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list [ ... ]",
  object: "a group { ... }",
  null: "null",
};

function wrongType(violation: Violation): ProblemDraft {
  const { error, path, schema } = violation;
  const types = [schema.type ?? "object"].flat();
  const wanted = types.map((type) => typeNames[type] ?? type).join(" or ");
  const message = `${named(path)} must be ${wanted}, but is ${describe(error.data)}.`;
  const wantsNumber = types.includes("number") || types.includes("integer");
  const isNumeral = typeof error.data === "string" && error.data.trim() !== "" && Number.isFinite(Number(error.data));
  if (!wantsNumber || !isNumeral) return atValue(violation, "wrong-type", message, exampleFix(violation));
  const suggestion = error.data.trim();
  return { ...atValue(violation, "wrong-type", message, `Write ${suggestion} without quotes.`), suggestion };
}

function outOfRange(violation: Violation): ProblemDraft {
  const { keyword, params, data } = violation.error;
  const comparisons: Readonly<Record<string, string>> = {
    minimum: "at least",
    maximum: "at most",
    exclusiveMinimum: "more than",
    exclusiveMaximum: "less than",
  };
  const bound = `${comparisons[keyword] ?? keyword} ${String(params.limit)}`;
  const message = `${named(violation.path)} must be ${bound}, but is ${describe(data)}.`;
  return atValue(violation, "out-of-range", message, exampleFix(violation));
}

function notMultiple(violation: Violation): ProblemDraft {
  const factor = Number(violation.error.params.multipleOf);
  const nearestMultiple = Math.max(factor, Math.round(Number(violation.error.data) / factor) * factor);
  const message = `${named(violation.path)} must be a multiple of ${factor}, but is ${describe(violation.error.data)}.`;
  const draft = atValue(violation, "out-of-range", message, `Write for example ${nearestMultiple}.`);
  return { ...draft, suggestion: String(nearestMultiple) };
}

function wrongList(violation: Violation): ProblemDraft {
  const isShort = violation.error.keyword === "minItems";
  const message = `${named(violation.path)} ${isShort ? "must not be an empty list" : "names something twice"}.`;
  return atValue(violation, "wrong-count", message, isShort ? exampleFix(violation) : "Name each once.");
}

function atValue(violation: Violation, code: ProblemCode, message: string, fix: string): ProblemDraft {
  const { tree, path } = violation;
  return { severity: "error", code, message, fix, path, span: spanOf(nodeAt(tree, path) ?? tree) };
}

/** A whole group would mark half the file: of groups and lists only the bracket is marked. */
function spanOf(node: Node): Span {
  const isContainer = node.type === "object" || node.type === "array";
  return { offset: node.offset, length: isContainer ? 1 : node.length };
}

function named(path: Path): string {
  return path.length === 0 ? "The configuration" : pathText(path);
}

function exampleFix({ schema, path }: Violation): string {
  const example = schema.examples?.[0] ?? (path.length === 0 ? { data: { folder: "photos" } } : undefined);
  return example === undefined ? "Correct or remove it." : `Write for example ${JSON.stringify(example)}.`;
}

/** A value in a sentence: short, and with what kind of thing it is. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "a group";
  if (typeof value === "number" && !Number.isFinite(value)) return "a number too large to compute with";
  if (typeof value !== "string") return String(value);
  return `the text ${JSON.stringify(value.length <= 40 ? value : `${value.slice(0, 40)}…`)}`;
}

function orList(choices: readonly string[]): string {
  const quoted = choices.map((choice) => JSON.stringify(choice));
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** The keys of a JSON pointer (RFC 6901), with numbers where the tree has lists. */
function pathOf(tree: Node, pointer: string): Path {
  const parts = pointer.split("/").slice(1);
  const keys = parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return keys.map((key, depth) => (nodeAt(tree, keys.slice(0, depth))?.type === "array" ? Number(key) : key));
}
