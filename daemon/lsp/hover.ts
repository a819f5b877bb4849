/** Hover: what a field does, its unit and default, and the value it has here; of class names, models and folders what is known. */

import { findNodeAtOffset } from "jsonc-parser";
import type { Hover, Position } from "vscode-languageserver";
import { byteText } from "../base/byte-text.ts";
import { counted } from "../base/counted.ts";
import { plainValue } from "../config/parse.ts";
import type { Path } from "../config/problem.ts";
import { classPrompt } from "../pipeline/prompts.ts";
import { valueText } from "./amounts.ts";
import { type Analysis, methodName, pathOfNode, rangeOf } from "./analysis.ts";
import { fieldMarkdown } from "./field-text.ts";
import { fieldAt } from "./fields.ts";
import { classesWithPhotos, type KnownFacts } from "./known-facts.ts";
import { decidedValue, inheritedValue } from "./values.ts";

/** Hover over a key or a value; null over everything else. */
export function hover(analysis: Analysis, position: Position, known: KnownFacts): Hover | null {
  const { tree } = analysis.parsed;
  const node = tree && findNodeAtOffset(tree, analysis.document.offsetAt(position));
  if (node === undefined || node.type === "object" || node.type === "array") return null;
  const path = pathOfNode(node);
  if (path.length === 0) return null;
  const text = isClassName(path) ? classText(analysis, path, known) : describedField(analysis, path, known);
  if (text === undefined) return null;
  return { contents: { kind: "markdown", value: text }, range: rangeOf(analysis.document, node) };
}

function isClassName(path: Path): boolean {
  return path.length === 3 && path[0] === "data" && path[1] === "classNames";
}

function describedField(analysis: Analysis, path: Path, known: KnownFacts): string | undefined {
  const own = path.filter((part): part is string => typeof part === "string");
  const field = fieldAt(path, analysis.parsed.tree);
  // Over an item of a list the list is what needs explaining.
  const shown = field?.title === undefined ? fieldAt(own, analysis.parsed.tree) : field;
  if (shown === undefined) return undefined;
  const values = { decided: decidedValue(analysis, own), inherited: inheritedValue(analysis, own) };
  const text = fieldMarkdown(own, shown, { method: methodName(analysis), ...values });
  const extra = extras[own.join(".")]?.(analysis, known);
  return extra === undefined || extra === "" ? text : `${text}\n\n---\n\n${extra}`;
}

/** What is known about a value beyond its field. */
const extras: Readonly<Record<string, (analysis: Analysis, known: KnownFacts) => string>> = {
  "data.folder": (_, known) => classTable(known),
  extends: inheritedTable,
  model: (_, { model }) => modelText(model),
  "prompt.template": promptExamples,
  "prompt.domain": promptExamples,
  "training.batchSize": memoryText,
  "sampling.batchSize": memoryText,
};

/** The most rows that a hover shows. */
const shownRows = 12;

function classTable(known: KnownFacts): string {
  const classes = classesWithPhotos(known);
  if (classes.length === 0) return "";
  const rows = classes.slice(0, shownRows).map(({ folder, photoCount }) => `| ${escaped(folder)} | ${photoCount} |`);
  const more = classes.length - rows.length;
  const lines = ["| class folder | photos |", "|---|---:|", ...rows];
  return 0 < more ? `${lines.join("\n")}\n\nand ${counted(more, "more class")}` : lines.join("\n");
}

/** The values that come from other files, and from which. */
function inheritedTable({ inheritance }: Analysis): string {
  const fields = [...inheritance.fields];
  if (fields.length === 0) return "";
  const several = 1 < inheritance.bases.length;
  const rows = fields.slice(0, shownRows).map(([path, { base, node }]) => {
    return `| ${escaped(path)} | ${escaped(valueText(plainValue(node), 60))} |${several ? ` ${escaped(base.name)} |` : ""}`;
  });
  const head = several ? ["| inherited | value | from |", "|---|---|---|"] : ["| inherited | value |", "|---|---|"];
  const more = fields.length - rows.length;
  const table = [...head, ...rows].join("\n");
  return 0 < more ? `${table}\n\nand ${counted(more, "more value")}` : table;
}

function modelText(model: KnownFacts["model"]): string {
  if (model === undefined) return "";
  if (model.problem !== undefined && model.state !== "ready") return `${model.problem.what} ${model.problem.fix}`;
  const facts = [
    model.title,
    model.side === undefined ? undefined : `${model.side} px`,
    model.license === undefined || model.license === "unknown" ? undefined : `license ${model.license}`,
  ];
  return facts
    .filter((fact) => fact !== undefined)
    .map(escaped)
    .join(" · ");
}

/** The prompt of the first classes, as the run will use it. */
function promptExamples({ resolution }: Analysis, known: KnownFacts): string {
  if (resolution === undefined) return "";
  const { prompt, data } = resolution.config;
  const names = classesWithPhotos(known).map(({ folder }) => data.classNames[folder] ?? folder);
  const shown = (names.length === 0 ? ["cat"] : names).slice(0, 3);
  return shown.map((name) => `- ${escaped(classPrompt(prompt, name))}`).join("\n");
}

function memoryText(_: Analysis, { cost, memoryBytes }: KnownFacts): string {
  if (cost === undefined) return "";
  const machine = memoryBytes === undefined ? "" : `; this machine has ${byteText(memoryBytes)}`;
  return `The run needs about ${byteText(cost.plan.memoryBytes)} of memory${machine}.`;
}

function classText(analysis: Analysis, path: Path, known: KnownFacts): string {
  const folder = String(path[2]);
  const name = decidedValue(analysis, path)?.value;
  const found = classesWithPhotos(known).find((each) => each.folder.normalize("NFC") === folder.normalize("NFC"));
  const photos = found === undefined ? "" : `: ${counted(found.photoCount, "photo")}`;
  const prompt =
    analysis.resolution && typeof name === "string" ? classPrompt(analysis.resolution.config.prompt, name) : undefined;
  const lines = [`**Class folder** ${escaped(folder)}${photos}`];
  if (typeof name === "string") lines.push(`Its name in prompts and labels: ${escaped(name)}`);
  if (prompt !== undefined) lines.push(`Prompt: ${escaped(prompt)}`);
  return lines.join("\n\n");
}

/** Text from files and folders stays text. */
function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~$-]/g, "\\$&").replace(/\s+/g, " ");
}
