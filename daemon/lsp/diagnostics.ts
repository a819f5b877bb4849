/** Diagnostics: exactly the problems that `loft plan` tells of the text, and those that only show beside the disk. */
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver";
import type { Problem } from "../config/problem.ts";
import { type Analysis, rangeOf } from "./analysis.ts";
import { type DiskProblem, diskProblems } from "./disk-problems.ts";
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
  const { message, fix, code } = problem;
  return {
    range: rangeOf(document, problem),
    severity: severities[problem.severity],
    code,
    source: "LoFT",
    message: fix === undefined ? message : `${message} ${fix}`,
    ...(code === "negative-prompt-unused" ? { tags: [DiagnosticTag.Unnecessary] } : {}),
  };
}

const severities: Readonly<Record<AnyProblem["severity"], DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};
