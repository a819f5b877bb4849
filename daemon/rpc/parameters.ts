/**
 * Checks of every parameter that a client sends, by request. Nothing that is not listed here gets through: unknown
 * members are dropped, texts have a longest length, paths are absolute, ids have a fixed form. Pure.
 */
import { isAbsolute } from "node:path";
import { type LoftError, loftError } from "../base/errors.ts";

/** Reads one value, or throws what is wrong with it. */
export type Check<T> = (value: unknown, place: string) => T;

/** A value of an object that may be absent; absent members stay absent. */
type OptionalCheck<T> = { readonly optional: Check<T> };

type Member<C> = C extends OptionalCheck<infer T> ? T : C extends Check<infer T> ? T : never;
type Checks = Readonly<Record<string, Check<unknown> | OptionalCheck<unknown>>>;
type OptionalKeys<C extends Checks> = { [K in keyof C]: C[K] extends OptionalCheck<unknown> ? K : never }[keyof C];
type Checked<C extends Checks> = { readonly [K in Exclude<keyof C, OptionalKeys<C>>]: Member<C[K]> } & {
  readonly [K in OptionalKeys<C>]?: Member<C[K]>;
};

/** An object with these members; others are dropped. */
export function object<C extends Checks>(members: C): Check<Checked<C>> {
  return (value, place) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(place, "must be an object");
    const given = value as Readonly<Record<string, unknown>>;
    const found: Record<string, unknown> = {};
    for (const [name, check] of Object.entries(members)) {
      const member = Object.hasOwn(given, name) ? given[name] : undefined;
      if (typeof check === "function") found[name] = check(member, `${place}.${name}`);
      else if (member !== undefined) found[name] = check.optional(member, `${place}.${name}`);
    }
    return found as Checked<C>;
  };
}

export function optional<T>(check: Check<T>): OptionalCheck<T> {
  return { optional: check };
}

export function list<T>(check: Check<T>, most: number): Check<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value) || most < value.length) throw invalid(place, `must be a list of at most ${most}`);
    return value.map((item, index) => check(item, `${place}[${index}]`));
  };
}

export function text(longest: number): Check<string> {
  return (value, place) => {
    const isText = typeof value === "string" && value.length <= longest && !value.includes("\0");
    if (!isText) throw invalid(place, `must be a text of at most ${longest} characters without NUL`);
    return value;
  };
}

export function matching(pattern: RegExp, meaning: string): Check<string> {
  return (value, place) => {
    if (typeof value !== "string" || !pattern.test(value)) throw invalid(place, `must be ${meaning}`);
    return value;
  };
}

export function oneOf<const T extends string>(...values: readonly T[]): Check<T> {
  return (value, place) => {
    const found = values.find((one) => one === value);
    if (found === undefined) throw invalid(place, `must be one of ${values.join(", ")}`);
    return found;
  };
}

/** A finite number in a closed range. */
export function number(least: number, most: number): Check<number> {
  return (value, place) => {
    const isInside = typeof value === "number" && Number.isFinite(value) && least <= value && value <= most;
    if (!isInside) throw invalid(place, `must be a number from ${least} to ${most}`);
    return value;
  };
}

export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): Check<number> {
  return (value, place) => {
    const isInside = Number.isSafeInteger(value) && least <= (value as number) && (value as number) <= most;
    if (!isInside) throw invalid(place, `must be a whole number from ${least} to ${most}`);
    return value as number;
  };
}

export const boolean: Check<boolean> = (value, place) => {
  if (typeof value !== "boolean") throw invalid(place, "must be true or false");
  return value;
};

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, place) => (value === null ? null : check(value, place));
}

/** Network shares and device paths of Windows would make the daemon talk to other machines. */
const remotePath = /^(\\\\|\/\/)/;

/** An absolute path of this machine. */
export const absolutePath: Check<string> = (value, place) => {
  const path = text(4_096)(value, place);
  if (!isAbsolute(path) || remotePath.test(path)) throw invalid(place, "must be an absolute path of this machine");
  return path;
};

/** The path of a configuration. */
export const configPath: Check<string> = (value, place) => {
  const path = absolutePath(value, place);
  if (!/\.json$/i.test(path)) throw invalid(place, "must be the path of a *.loft.json");
  return path;
};

export const runId = matching(/^[0-9a-f]{16}$/, "the id of a run: 16 hexadecimal digits");
export const adapterId = matching(/^[0-9a-f]{64}$/, "the id of an adapter: 64 hexadecimal digits");

/** An image's place in its run; whether the run has it is asked of its journal. */
export const sampleFile = matching(
  /^data\/train\/(?!\.\.?\/)[^/\\\0]{1,200}\/\d{6,12}\.png$/,
  "the path of an image in its run folder",
);

/** What is wrong with a request. Values are not repeated: they may be anything. */
export function invalid(place: string, problem: string): LoftError {
  return loftError("request-invalid", {
    what: `The request cannot be understood: ${place} ${problem}.`,
    fix: "Update LoFT and the editor extension to the same version; if they are, please report it.",
  });
}
