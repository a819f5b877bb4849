/**
 * Small runtime checks for messages that cross from one process to another: each answers whether an unknown value has
 * a type. Pure; knows neither the DOM nor Node.
 */

export type Check<T> = (value: unknown) => value is T;

type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];
type RequiredKeys<T> = Exclude<keyof T, OptionalKeys<T>>;
type Fields<T, K extends keyof T> = { readonly [P in K]-?: Check<Exclude<T[P], undefined>> };

export const isText: Check<string> = (value): value is string => typeof value === "string";

export const isFlag: Check<boolean> = (value): value is boolean => typeof value === "boolean";

/** Finite, so that no chart and no layout ever meets NaN. */
export const isNumber: Check<number> = (value): value is number => typeof value === "number" && Number.isFinite(value);

/** A whole number of at least 0. */
export const isCount: Check<number> = (value): value is number => Number.isSafeInteger(value) && 0 <= (value as number);

export const isNull: Check<null> = (value): value is null => value === null;

/**
 * A path below the run folder, with slashes: no step upward, no drive, no scheme, nothing absolute, no control
 * character.
 */
export const isRelativePath: Check<string> = (value): value is string => {
  if (!isText(value) || value === "" || 1000 < value.length) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  if (/[\\:\u0000-\u001f]/.test(value)) return false;
  return value.split("/").every((part) => part !== "" && part !== "." && part !== "..");
};

export function isOneOf<const T extends string>(...words: readonly T[]): Check<T> {
  const known = new Set<unknown>(words);
  return (value): value is T => known.has(value);
}

export function isEither<A, B>(first: Check<A>, second: Check<B>): Check<A | B> {
  return (value): value is A | B => first(value) || second(value);
}

/** An array of at most `most` entries. */
export function isList<T>(entry: Check<T>, most = Number.POSITIVE_INFINITY): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.length <= most && value.every(entry);
}

/** An object with these fields; unknown further fields pass, so that a newer other side still speaks with us. */
export function isObject<T extends object>(
  required: Fields<T, RequiredKeys<T>>,
  ...rest: [OptionalKeys<T>] extends [never] ? [] : [optional: Fields<T, OptionalKeys<T>>]
): Check<T> {
  const must = Object.entries(required) as [string, Check<unknown>][];
  const may = Object.entries(rest[0] ?? {}) as [string, Check<unknown>][];
  return (value): value is T => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const record = value as Record<string, unknown>;
    const hasRequired = must.every(([name, check]) => Object.hasOwn(record, name) && check(record[name]));
    return hasRequired && may.every(([name, check]) => record[name] === undefined || check(record[name]));
  };
}

/** One of several objects told apart by `type`; types without a check are refused. */
export function isTagged<T extends { readonly type: string }>(
  checks: {
    readonly [K in T["type"]]: Check<Extract<T, { readonly type: K }>>;
  },
): Check<T> {
  const byType = new Map<unknown, Check<unknown>>(Object.entries(checks));
  return (value): value is T => {
    if (typeof value !== "object" || value === null || !("type" in value)) return false;
    return byType.get(value.type)?.(value) ?? false;
  };
}
