/** The value that a field has, given or not, and who decided it. */
import { loftDefaults } from "../../schemas/generated/loft-defaults.ts";
import { inheritedField, isInheritable } from "../config/inheritance.ts";
import { nodeAt } from "../config/parse.ts";
import { presetSource, presetValues } from "../config/preset.ts";
import { type Path, pathText } from "../config/problem.ts";
import { type Origin, resolvedFields } from "../config/resolve.ts";
import { type Analysis, givenValue } from "./analysis.ts";

export type DecidedValue = { readonly value: unknown } & Origin;

/** The value at the path of a field; undefined where nobody decides it, as for `$schema`, and for fields inside lists. */
export function decidedValue(analysis: Analysis, path: Path): DecidedValue | undefined {
  const { resolution, parsed } = analysis;
  const name = pathText(path);
  const resolved = resolution && resolvedFields(resolution.config).find(([field]) => field === name);
  const origin = resolution?.origins[name];
  if (resolved !== undefined && origin !== undefined) return { value: resolved[1], ...origin };
  const given = givenValue(parsed, path);
  if (given !== undefined) return { value: given, from: "user", source: "this file" };
  return valueWithout(analysis, path);
}

/** The value that the files give which the document extends, whether it replaces it or not. */
export function inheritedValue({ inheritance }: Analysis, path: Path): DecidedValue | undefined {
  if (!isInheritable(path)) return undefined;
  const field = inheritedField(inheritance, path);
  const base = field?.base ?? inheritance.bases.find(({ parsed }) => nodeAt(parsed.tree, path) !== undefined);
  const value = base && givenValue(field === undefined ? base.parsed : inheritance, path);
  return base === undefined || value === undefined ? undefined : { value, from: "base", source: base.name };
}

/** The value that a field has when the file says nothing. */
export function valueWithout(analysis: Analysis, path: Path): DecidedValue | undefined {
  const inherited = inheritedValue(analysis, path);
  if (inherited !== undefined) return inherited;
  const { preset, resolution } = analysis;
  const [group = "", field] = path.map(String);
  if (path.length === 2 && field !== undefined) {
    const source = presetSource(preset, group, field);
    const value = member(member(presetValues(preset), group), field);
    if (source !== undefined) return { value, from: "preset", source };
  }
  if (path.length === 1 && group === "preset")
    return { value: preset.name, from: "default", source: "picked by the model" };
  const value = path.reduce<unknown>((inner, part) => member(inner, String(part)), loftDefaults);
  if (value !== undefined && path.length <= 2) return { value, from: "default", source: "default" };
  const derived = resolution && resolvedFields(resolution.config).find(([name]) => name === pathText(path));
  const isDerived = derived !== undefined && resolution?.origins[derived[0]]?.from === "default";
  return isDerived ? { value: derived[1], from: "default", source: "default" } : undefined;
}

function member(value: unknown, key: string): unknown {
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
