/** What a field is, in Markdown: meaning, unit, limits, defaults by preset, what paper and official code use. */
import type { MethodName } from "../config/preset.ts";
import { type Path, pathText } from "../config/problem.ts";
import { presets } from "../pipeline/presets.ts";
import { valueText } from "./amounts.ts";
import type { FieldText } from "./fields.ts";
import type { DecidedValue } from "./values.ts";

/** What the description says of this configuration: the method, and the field's value when somebody decides it. */
export type FieldContext = {
  readonly method: MethodName;
  readonly decided: DecidedValue | undefined;
  /** What the files give that this one extends. */
  readonly inherited?: DecidedValue | undefined;
};

/** The description of a field. */
export function fieldMarkdown(path: Path, field: FieldText, context: FieldContext): string {
  const title = field.title === undefined ? "" : `**${field.title}** `;
  const parts = [
    `${title}\`${pathText(path)}\`${unitText(field)}`,
    field.markdownDescription ?? officialText(field),
    choicesText(field),
    factLines(path, field, context),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function unitText(field: FieldText): string {
  const unit = field["x-unit"];
  const limits = limitText(field);
  const both = [unit === "number" ? undefined : unit, limits === "" ? undefined : limits].filter(
    (text) => text !== undefined,
  );
  return both.length === 0 ? "" : ` · ${both.join(", ")}`;
}

function limitText(field: FieldText): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = field;
  const low = minimum === undefined ? bound("above", exclusiveMinimum) : bound("at least", minimum);
  const high = maximum === undefined ? bound("below", exclusiveMaximum) : bound("at most", maximum);
  return [low, high, bound("a multiple of", multipleOf)].filter((text) => text !== "").join(", ");
}

function bound(words: string, limit: number | undefined): string {
  // The schema's largest whole number is no limit that anybody wants to read.
  if (limit === undefined || limit === Number.MAX_SAFE_INTEGER) return "";
  return `${words} ${limit}`;
}

/** The schema's Markdown names what paper and official code use; this is for fields whose Markdown is missing. */
function officialText(field: FieldText): string {
  const official = field["x-official"];
  const description = field.description ?? "";
  return official === undefined ? description : `${description}\n\nOfficial code: ${code(official)}.`;
}

function choicesText({ enum: choices, enumDescriptions: texts }: FieldText): string {
  if (choices === undefined) return "";
  return choices
    .map((choice, index) => `- ${code(choice)}${texts?.[index] === undefined ? "" : `: ${texts[index]}`}`)
    .join("\n");
}

function factLines(path: Path, field: FieldText, context: FieldContext): string {
  const { decided, inherited } = context;
  const here = decided === undefined ? [] : [`Here: ${code(decided.value)}, from ${originOf(decided)}`];
  const isReplaced = inherited !== undefined && decided?.from !== "base";
  const replaced = isReplaced ? [`Instead of: ${code(inherited.value)}, from ${inherited.source}`] : [];
  const standard = standardText(path, field, context.method);
  return [...here, ...replaced, ...(standard === "" ? [] : [`Default: ${standard}`])].join("  \n");
}

function originOf({ from, source }: DecidedValue): string {
  if (from === "preset") return `the preset: ${source}`;
  if (from === "user") return "this file";
  if (from === "base") return source;
  return source === "default" ? "the default" : `the default, ${source}`;
}

/** The default: the schema's, one per preset, or what the schema says in words. */
function standardText(path: Path, field: FieldText, method: MethodName): string {
  if (field.default !== undefined) return code(field.default);
  const [group = "", name = ""] = path.map(String);
  const tables = Object.values(presets).map((methods) => {
    const preset = methods[method];
    const fields = (preset.table as Readonly<Record<string, Readonly<Record<string, { readonly value: unknown }>>>>)[
      group
    ];
    return { preset: preset.name, given: path.length === 2 ? fields?.[name] : undefined };
  });
  const known = tables.flatMap(({ preset, given }) =>
    given === undefined || given.value === null ? [] : [`${code(given.value)} (preset ${preset})`],
  );
  return 0 < known.length ? known.join(", ") : (field["x-default"] ?? "");
}

function code(value: unknown): string {
  const text = valueText(value);
  // A value may hold backticks; Markdown wants a longer fence then.
  const fence = "`".repeat(1 + Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)));
  return fence.length === 1 ? `\`${text}\`` : `${fence} ${text} ${fence}`;
}
