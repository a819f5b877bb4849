/** Diagnostics: exactly the problems that `loft plan` tells of the text, and those that only show beside the disk. */
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag, type Location } from "vscode-languageserver";
import type { Problem, Stated } from "../config/problem.ts";
import { type Analysis, rangeOf } from "./analysis.ts";
import { type DiskProblem, diskProblems } from "./disk-problems.ts";
import { uriOf } from "./file-path.ts";
import type { KnownFacts } from "./known-facts.ts";

/** A problem of either kind, with its place. */
export type AnyProblem = Omit<Problem, "line" | "column" | "code" | "severity"> & {
  readonly code: Problem["code"] | DiskProblem["code"];
  readonly severity: DiskProblem["severity"];
};

/** Every problem of a document as an editor shows it, in the order of the text. */
export function diagnostics(analysis: Analysis, known: KnownFacts): Diagnostic[] {
  return allProblems(analysis, known).map((problem) => diagnosticOf(analysis, problem));
}

/** Every problem of a document, in the order of the text. */
export function allProblems(analysis: Analysis, known: KnownFacts): readonly AnyProblem[] {
  const problems: readonly AnyProblem[] = [...analysis.problems, ...diskProblems(analysis, known)];
  return [...problems].sort((left, right) => left.offset - right.offset);
}

/** One problem as an editor shows it. */
export function diagnosticOf({ document }: Analysis, problem: AnyProblem): Diagnostic {
  const { message, fix, code, stated } = problem;
  const whole = fix === undefined ? message : `${message} ${fix}`;
  return {
    range: rangeOf(document, problem),
    severity: severities[problem.severity],
    code,
    source: "LoFT",
    message: stated === undefined ? whole : `${stated.name}: ${whole}`,
    ...(stated === undefined ? {} : { relatedInformation: [{ location: locationOf(stated), message }] }),
    ...(code === "negative-prompt-unused" ? { tags: [DiagnosticTag.Unnecessary] } : {}),
  };
}

function locationOf({ file, line, column, length }: Stated): Location {
  const start = { line: line - 1, character: column - 1 };
  return { uri: uriOf(file), range: { start, end: { ...start, character: start.character + length } } };
}

const severities: Readonly<Record<AnyProblem["severity"], DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};
