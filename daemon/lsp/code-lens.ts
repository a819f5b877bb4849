/** Code lenses above a configuration: what it will do and cost, with the commands to do it. */

import type { CodeLens, Range } from "vscode-languageserver";
import { byteText } from "../base/byte-text.ts";
import { counted } from "../base/counted.ts";
import { hasErrors } from "../config/problem.ts";
import { aboutDuration } from "./amounts.ts";
import { type Analysis, rangeOf } from "./analysis.ts";
import { allProblems } from "./diagnostics.ts";
import type { KnownFacts } from "./known-facts.ts";
import { planCounts } from "./plan-counts.ts";

/** Commands of the editor's side; the one argument is the document's address. */
export const lensCommands = {
  generate: "loft.generateDataset",
  preview: "loft.previewPlan",
  evaluate: "loft.evaluateDataset",
} as const;

/** Generate, Preview plan, Evaluate where there are test pictures, and the summary; of a document with errors only how many there are. */
export function codeLenses(analysis: Analysis, known: KnownFacts): CodeLens[] {
  const root = analysis.parsed.tree;
  if (root?.type !== "object") return [];
  const range = rangeOf(analysis.document, { offset: root.offset, length: 1 });
  const errors = allProblems(analysis, known).filter(({ severity }) => severity === "error").length;
  if (hasErrors(analysis.problems) || 0 < errors) return [lens(range, `${counted(errors, "problem")} to mend first`)];
  const argument = analysis.document.uri;
  return [
    lens(range, "Generate", lensCommands.generate, argument),
    lens(range, "Preview plan", lensCommands.preview, argument),
    ...(hasTest(analysis) ? [lens(range, "Evaluate", lensCommands.evaluate, argument)] : []),
    lens(range, summary(analysis, known)),
  ];
}

function hasTest({ resolution }: Analysis): boolean {
  const test = resolution?.config.evaluation.test ?? null;
  return test !== null;
}

/** `48 adapters · 3,000 images · about 26 min · 1.1 GB · CPU`: counts at once, the rest when it is known. */
function summary(analysis: Analysis, known: KnownFacts): string {
  const current = known.cost?.isCurrent === true ? known.cost.plan : undefined;
  const counts = current ?? planCounts(analysis, known);
  if (counts === undefined)
    return analysis.file === undefined ? "save the file to see what it will make" : "looking at the photos…";
  const adapters = counts.adapters === 0 ? [] : [counted(counts.adapters, "adapter")];
  const parts = [...adapters, counted(counts.images, "image")];
  if (current === undefined) return [...parts, ...waiting(known)].join(" · ");
  const { adaptersDone, imagesDone, secondsLeft, memoryBytes, device } = current;
  const isDone = adaptersDone === current.adapters && imagesDone === current.images;
  const done = 0 < adaptersDone + imagesDone && !isDone ? [`${adaptersDone + imagesDone} done`] : [];
  const rest = isDone
    ? ["all done"]
    : [...(secondsLeft === undefined ? [] : [aboutDuration(secondsLeft)]), byteText(memoryBytes)];
  return [...parts, ...done, ...rest, deviceText(device)].join(" · ");
}

/** A cost of values that are not saved would be a wrong one. */
function waiting({ cost }: KnownFacts): readonly string[] {
  return cost === undefined ? [] : ["save to see time and memory"];
}

function deviceText(device: string): string {
  return /^(cpu|cuda|dml)\b/i.test(device) ? device.replace(/^\w+/, (name) => name.toUpperCase()) : device;
}

/** A lens without a command is plain text in the editor. */
function lens(range: Range, title: string, command = "", argument?: string): CodeLens {
  return { range, command: { title, command, ...(argument === undefined ? {} : { arguments: [argument] }) } };
}
