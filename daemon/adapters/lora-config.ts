/**
 * PEFT's LoraConfig as adapter files carry it: in `adapter_config.json`, and with a network's name in front of each
 * member in the `lora_adapter_metadata` of diffusers (PEFT 0.21, diffusers 0.42). Pure.
 */
import type { Json } from "../base/hash.ts";
import { isRecord } from "../checkpoint/json-text.ts";
import { adapterInvalid } from "./adapter-invalid.ts";
import type { AdapterModule } from "./adapter-weights.ts";

/** The part of a configuration that says what the matrices mean. */
export type LoraConfig = {
  readonly rank?: number;
  readonly alpha?: number;
  readonly rankPattern: Patterns;
  readonly alphaPattern: Patterns;
};

/** Values by module name; of several that fit, the first counts, as in PEFT. */
type Patterns = readonly Pattern[];

/** An exact pattern fits one name, another one also all that end with "." and the pattern. */
type Pattern = { readonly name: string; readonly exact: boolean; readonly value: number };

/** What a file without configuration means: the rank is in the shapes, and alpha is the rank. */
export const noConfig: LoraConfig = { rankPattern: [], alphaPattern: [] };

/**
 * Read a configuration.
 * @param prefix in front of each member's name, for instance "unet."
 * @throws LoftError "adapter-invalid" when it asks for a variant of LoRA that means something else
 */
export function readLoraConfig(path: string, json: Readonly<Record<string, unknown>>, prefix: string): LoraConfig {
  const member = (name: string) => json[`${prefix}${name}`] ?? undefined;
  const refuse = (name: string, fix: string) =>
    adapterInvalid(path, `it has "${prefix}${name}": ${JSON.stringify(member(name))}`, fix);
  for (const [name, isPlain] of plainValues) {
    if (member(name) !== undefined && !isPlain(member(name))) throw refuse(name, "Use a plain LoRA adapter.");
  }
  const number = (name: string): number | undefined => {
    const value = member(name);
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
    throw refuse(name, "Write the adapter again.");
  };
  const patterns = (name: string): Patterns => {
    const found = parsePatterns(member(name) ?? {});
    if (found === undefined) throw refuse(name, "Use an adapter whose patterns are plain module names.");
    return found;
  };
  const [rank, alpha] = [number("r"), number("lora_alpha")];
  return {
    ...(rank === undefined ? {} : { rank }),
    ...(alpha === undefined ? {} : { alpha }),
    rankPattern: patterns("rank_pattern"),
    alphaPattern: patterns("alpha_pattern"),
  };
}

/** The alpha of a module. */
export function alphaOf(config: LoraConfig, module: string, rank: number): number {
  return patternValue(config.alphaPattern, module) ?? config.alpha ?? rank;
}

/** The rank that a configuration says a module has, if it says one. */
export function rankOf(config: LoraConfig, module: string): number | undefined {
  return patternValue(config.rankPattern, module) ?? config.rank;
}

/**
 * The configuration of a network's modules: rank and alpha of most of them, the others by name.
 * @param targets target names as the user gave them; if absent, the modules' own names
 */
export function loraConfigJson(modules: readonly AdapterModule[], targets?: readonly string[]) {
  const rank = mostCommon(modules.map((module) => module.rank));
  const alpha = mostCommon(modules.map((module) => module.alpha));
  const ranks = modules.filter((module) => module.rank !== rank).map((module) => [module.name, module.rank] as const);
  const alphas = modules
    .filter((module) => module.alpha !== alpha)
    .map((module) => [module.name, module.alpha] as const);
  return {
    ...(alphas.length === 0 ? {} : { alpha_pattern: Object.fromEntries(alphas) }),
    bias: "none",
    lora_alpha: alpha,
    peft_type: "LORA",
    r: rank,
    ...(ranks.length === 0 ? {} : { rank_pattern: Object.fromEntries(ranks) }),
    target_modules: [...(targets ?? modules.map(({ name }) => name))].sort(),
  } satisfies Json;
}

/** Members that change what the matrices mean, and the values that do not. */
const plainValues: readonly (readonly [string, (value: unknown) => boolean])[] = [
  ["bias", (value) => value === "none"],
  ["peft_type", (value) => value === "LORA"],
  // Other starts move a part of the frozen weights into the adapter, which then fits only that changed model.
  ["init_lora_weights", (value) => [true, false, "gaussian", "orthogonal", "eva"].includes(value as boolean)],
  ...["fan_in_fan_out", "lora_bias", "use_dora", "use_rslora", "use_qalora", "use_bdlora"].map(
    (name) => [name, (value: unknown) => value === false] as const,
  ),
];

/** Patterns are regular expressions; those that are just a name are read, as are escaped dots and outer anchors. */
function parsePatterns(value: unknown): Patterns | undefined {
  if (!isRecord(value)) return undefined;
  const patterns = Object.entries(value).map(([text, number]) => ({
    name: text.replace(/^\^?(text_model\\?\.)?|\$$/g, "").replaceAll("\\.", "."),
    exact: text.startsWith("^"),
    value: number as number,
  }));
  const arePlain = patterns.every(
    ({ name, value: number }) => !/[\\^$*+?()[\]{}|]/.test(name) && Number.isFinite(number),
  );
  return arePlain ? patterns : undefined;
}

function patternValue(patterns: Patterns, module: string): number | undefined {
  const fits = ({ name, exact }: Pattern) => module === name || (!exact && module.endsWith(`.${name}`));
  return patterns.find(fits)?.value;
}

/** The value that occurs most often; of several, the first. */
function mostCommon(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return [...counts].find(([, count]) => count === most)![0];
}
