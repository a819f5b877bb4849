/** A problem in a `*.loft.json`: a value beside the result, never an exception. Knows nothing of the schema. */

/** The permanent codes of problems; never renamed or reused. */
export type ProblemCode =
  | "syntax"
  | "extends-missing"
  | "extends-unreadable"
  | "extends-cycle"
  | "extends-too-long"
  | "too-deep"
  | "too-long"
  | "duplicate-key"
  | "unknown-key"
  | "missing-key"
  | "wrong-type"
  | "wrong-value"
  | "out-of-range"
  | "wrong-count"
  | "weights-sum"
  | "weights-count"
  | "template-placeholder"
  | "warmup-too-long"
  | "class-name-shared"
  | "output-inside-data"
  | "negative-prompt-unused"
  | "preset-mismatch"
  | "steps-and-epochs"
  | "captions-not-given"
  | "field-unused";

/** Nobody reads more problems of one kind than this; finding the places of a hundred thousand would take minutes. */
export const mostProblems = 200;

/** Where a value stands in the document: keys and list indices from the root. */
export type Path = readonly (string | number)[];

/** A stretch of the text, in UTF-16 code units. */
export type Span = { readonly offset: number; readonly length: number };

/** A problem before its line and column are known. */
export type ProblemDraft = {
  readonly severity: "error" | "warning";
  readonly code: ProblemCode;
  readonly message: string;
  /** What the user does now, as a sentence. */
  readonly fix?: string;
  /** The key or value that probably was meant; an editor can put it in place of the marked text. */
  readonly suggestion?: string;
  readonly path: Path;
  readonly span: Span;
  /** Where the value stands that is wrong, when this file inherits it; `span` is then that of `extends`. */
  readonly stated?: Stated;
};

/** A place in another file: its absolute path, the name it is called by, and where in it, counted as in a problem. */
export type Stated = {
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
};

/** A problem with its place: line and column count from 1, columns in UTF-16 code units as editors do. */
export type Problem = Omit<ProblemDraft, "span"> & Span & { readonly line: number; readonly column: number };

/** `fusion.weights.values[1]`; the root is the empty text. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[\p{L}\p{N}_$-]+$/u.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/**
 * `file:line:column: message`, with the fix behind it; warnings say that they are. An inherited value is told at its
 * place in the file that states it.
 */
export function formatProblem(file: string, problem: Problem): string {
  const { stated, ...own } = problem;
  if (stated !== undefined) return formatProblem(stated.name, { ...own, line: stated.line, column: stated.column });
  const severity = problem.severity === "warning" ? "warning: " : "";
  const fix = problem.fix === undefined ? "" : ` ${problem.fix}`;
  return `${file}:${problem.line}:${problem.column}: ${severity}${problem.message}${fix}`;
}

/** Whether any problem forbids using the configuration. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}
