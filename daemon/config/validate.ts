/** A parsed configuration to its value and all its problems, always both. Never throws. */
import type { LoftConfig } from "../../schemas/generated/loft-config.ts";
import { type ParsedConfig, placed, plainValue } from "./parse.ts";
import type { ChoosePreset } from "./preset.ts";
import { hasErrors, type Problem } from "./problem.ts";
import { schemaProblems } from "./schema-problems.ts";
import { semanticProblems } from "./semantic-problems.ts";

/** `config` is there when no problem is an error. */
export type CheckedConfig = { readonly config?: LoftConfig; readonly problems: readonly Problem[] };

/** Check a parsed text: syntax, schema and meaning, all problems at once in the order of the text. */
export function validateConfig(parsed: ParsedConfig, choosePreset: ChoosePreset): CheckedConfig {
  const { tree, lineStarts } = parsed;
  if (tree === undefined) return { problems: parsed.problems };
  const drafts = [...schemaProblems(tree), ...semanticProblems(tree, choosePreset)];
  const found = drafts.map((draft) => placed(lineStarts, draft));
  const problems = [...parsed.problems, ...found].sort((left, right) => left.offset - right.offset);
  // The schema was just checked: without errors the value is a LoftConfig.
  return hasErrors(problems) ? { problems } : { config: plainValue(tree) as LoftConfig, problems };
}
