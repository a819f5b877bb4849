/**
 * Reads a diffusers or transformers config strictly: each key is used, or has the one supported value, or is known to
 * mean nothing here; any other key is refused by name. Pure.
 */
import { type ErrorCode, loftError } from "../../base/errors.ts";
import type { ConfigFile } from "../../checkpoint/diffusers-folder.ts";

/** What a number must satisfy beside being one. */
export type NumberRule = { readonly integer?: boolean; readonly min?: number; readonly above?: number };

/** Each method marks its key as read; an absent key takes the fallback, and is an error if there is none. */
export type ConfigReader = {
  readonly number: (key: string, fallback?: number, rule?: NumberRule) => number;
  /** An integer of at least `min`, 1 if not said. */
  readonly count: (key: string, fallback?: number, min?: number) => number;
  readonly boolean: (key: string, fallback?: boolean) => boolean;
  /** One of a closed set of texts. */
  readonly choice: <T extends string>(key: string, supported: readonly T[], fallback?: T) => T;
  /** A list of texts of a closed set. */
  readonly choices: <T extends string>(key: string, supported: readonly T[], fallback?: readonly T[]) => readonly T[];
  /** A list of integers of at least 1; a single one stands for `length` equal ones. */
  readonly counts: (key: string, fallback: number | readonly number[], length?: number) => readonly number[];
  /** An integer of at least 1, or null. */
  readonly countOrNull: (key: string, fallback: number | null) => number | null;
  /** The key must be absent or have one of these values (compared as JSON). */
  readonly only: (key: string, supported: readonly unknown[]) => void;
  /** Keys that mean nothing for the computation. */
  readonly ignore: (keys: readonly string[]) => void;
  /** Refuse with a reason of the caller's. */
  readonly refuse: (key: string, supported: string) => never;
  /** Call last: refuses all keys that nobody asked for. Keys that begin with "_" are notes of the library. */
  readonly finish: () => void;
};

const stableDiffusion = "a model of the Stable Diffusion 1.x or 2.x kind";

/**
 * Open a config for reading; each method throws a LoftError that names file, key and value.
 * @param wanted what kind of model would do, for the advice
 */
export function configReader(file: ConfigFile, wanted = stableDiffusion): ConfigReader {
  const complain = (code: ErrorCode, what: string) => complaint({ path: file.path, wanted }, code, what);
  const seen = new Set<string>();
  const get = <T>(key: string, fallback: T | undefined): unknown => {
    seen.add(key);
    if (Object.hasOwn(file.json, key)) return file.json[key];
    if (fallback === undefined) throw complain("model-config-invalid", `has no "${key}"`);
    return fallback;
  };
  const refuse = (key: string, supported: string): never => {
    throw complain("model-config-unsupported", `has "${key}": ${show(file.json[key])}; supported is ${supported}`);
  };
  const wrongType = (key: string, wanted: string): never => {
    throw complain("model-config-invalid", `has "${key}": ${show(file.json[key])}, which should be ${wanted}`);
  };
  const number = (key: string, fallback?: number, rule: NumberRule = {}) => {
    const value = get(key, fallback);
    return fitsRule(value, rule) ? value : wrongType(key, describeRule(rule));
  };
  const choices = <T extends string>(key: string, supported: readonly T[], fallback?: readonly T[]) => {
    const values = get(key, fallback);
    if (!Array.isArray(values) || values.length === 0) return wrongType(key, "a list of texts");
    return values.every((value) => supported.includes(value)) ? (values as T[]) : refuse(key, oneOf(supported));
  };
  return {
    number,
    refuse,
    choices,
    count: (key, fallback, min = 1) => number(key, fallback, { integer: true, min }),
    boolean: (key, fallback) => {
      const value = get(key, fallback);
      return typeof value === "boolean" ? value : wrongType(key, "true or false");
    },
    choice: <T extends string>(key: string, supported: readonly T[], fallback?: T) => {
      const value = get(key, fallback);
      return supported.includes(value as T) ? (value as T) : refuse(key, oneOf(supported));
    },
    counts: (key, fallback, length) => {
      const value = get(key, fallback);
      const list = Array.isArray(value) ? value : Array.from({ length: length ?? 1 }, () => value);
      const areCounts = 0 < list.length && list.every((item) => fitsRule(item, countRule));
      if (!areCounts) return wrongType(key, "an integer of at least 1, or a list of such");
      if (length !== undefined && list.length !== length)
        return wrongType(key, `a list of ${length}, one for each level`);
      return list as number[];
    },
    countOrNull: (key, fallback) => {
      const value = get(key, fallback);
      return value === null || fitsRule(value, countRule) ? value : wrongType(key, "null or an integer of at least 1");
    },
    only: (key, supported) => {
      seen.add(key);
      const value = file.json[key];
      const isSupported = supported.some((one) => JSON.stringify(one) === JSON.stringify(value));
      if (Object.hasOwn(file.json, key) && !isSupported) refuse(key, oneOf(supported));
    },
    ignore: (keys) => {
      for (const key of keys) seen.add(key);
    },
    finish: () => {
      const unknown = Object.keys(file.json).filter((key) => !seen.has(key) && !key.startsWith("_"));
      if (unknown.length === 0) return;
      const values = unknown.map((key) => `"${key}": ${show(file.json[key])}`).join(", ");
      throw complain("model-config-unsupported", `has keys that this version does not know: ${values}`);
    },
  };
}

const countRule: NumberRule = { integer: true, min: 1 };

function fitsRule(value: unknown, { integer = false, min, above }: NumberRule): value is number {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  if (integer && !Number.isSafeInteger(value)) return false;
  return (min === undefined || min <= value) && (above === undefined || above < value);
}

function describeRule({ integer = false, min, above }: NumberRule): string {
  const kind = integer ? "an integer" : "a number";
  if (above !== undefined) return `${kind} above ${above}`;
  return min === undefined ? kind : `${kind} of at least ${min}`;
}

function complaint(
  { path, wanted }: { readonly path: string; readonly wanted: string },
  code: ErrorCode,
  what: string,
) {
  return loftError(code, {
    what: `${path} ${what}.`,
    fix:
      code === "model-config-invalid"
        ? "Get the model's files again, or correct the file."
        : `Use ${wanted}; if yours is one, please report this key.`,
  });
}

function oneOf(supported: readonly unknown[]): string {
  return supported.map(show).join(" or ");
}

/** A value for an error text, cut to a readable length. */
function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "undefined");
  return text.length <= 100 ? text : `${text.slice(0, 97)}...`;
}
