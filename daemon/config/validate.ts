/** A parsed configuration to its value and all its problems, always both. Never throws. */
import type { LoftConfig } from "../../schemas/generated/loft-config.ts";
import { type Inheritance, inheritedField, inheritedProblems } from "./inheritance.ts";
import { nodeAt, type ParsedConfig, placed, plainValue, propertyAt } from "./parse.ts";
import type { ChoosePreset } from "./preset.ts";
import { hasErrors, type Path, type Problem, type ProblemDraft, type Stated } from "./problem.ts";
import { schemaProblems } from "./schema-problems.ts";
import { semanticProblems } from "./semantic-problems.ts";

/** `config` is there when no problem is an error and every file it extends is known. */
export type CheckedConfig = { readonly config?: LoftConfig; readonly problems: readonly Problem[] };

/**
 * Check a parsed text with what it inherits: syntax, schema and meaning, all problems at once in the order of the text.
 * Problems of inherited values stand at `extends` and say where the value is stated.
 */
export function validateConfig(
  parsed: ParsedConfig,
  choosePreset: ChoosePreset,
  inheritance: Inheritance = alone(parsed),
): CheckedConfig {
  const { tree, isComplete } = inheritance;
  if (tree === undefined) return { problems: parsed.problems };
  const drafts = [...schemaProblems(tree), ...semanticProblems(tree, choosePreset)]
    .filter(({ code }) => isComplete || code !== "missing-key")
    .map((draft) => attributed(draft, inheritance));
  const found = [...inheritance.problems, ...inheritedProblems(inheritance), ...drafts].map((draft) =>
    placed(parsed.lineStarts, draft),
  );
  const problems = [...parsed.problems, ...found].sort((left, right) => left.offset - right.offset);
  if (hasErrors(problems) || !isComplete) return { problems };
  // The schema was just checked: without errors the value is a LoftConfig.
  return { config: plainValue(tree) as LoftConfig, problems };
}

/** A configuration that extends no other. */
export function alone({ tree }: Pick<ParsedConfig, "tree">): Inheritance {
  return { tree, bases: [], fields: new Map(), isComplete: true, problems: [] };
}

/** A problem of an inherited value names the place of it; what was meant belongs into the other file, not into this one. */
function attributed(draft: ProblemDraft, inheritance: Inheritance): ProblemDraft {
  const stated = statedAt(inheritance, draft);
  if (stated === undefined) return draft;
  const { suggestion, ...rest } = draft;
  return { ...rest, stated };
}

/** Where a base states what a problem is about; undefined for what the file states itself, or nobody does. */
export function statedAt(
  inheritance: Inheritance,
  { code, path }: { readonly code: string; readonly path: Path },
): Stated | undefined {
  const field = inheritedField(inheritance, path);
  if (field === undefined) return undefined;
  const { base, node } = field;
  const { tree } = base.parsed;
  const key = aboutKeys.has(code) ? propertyAt(nodeAt(tree, path.slice(0, -1)), String(path.at(-1)))?.key : undefined;
  const { offset, length, type } = key ?? nodeAt(tree, path) ?? node;
  const isContainer = type === "object" || type === "array";
  const span = { offset, length: isContainer ? 1 : length };
  const { line, column } = placed(base.parsed.lineStarts, { ...nowhere, span });
  return { file: base.file, name: base.name, line, column, length: span.length };
}

/** Problems that mark a key, not its value. */
const aboutKeys: ReadonlySet<string> = new Set(["unknown-key", "class-folder-unknown"]);

const nowhere = { severity: "error", code: "syntax", message: "", path: [] } as const;
