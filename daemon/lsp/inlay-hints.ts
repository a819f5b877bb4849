/** Inlay hints: what a value comes to, and at the end of a group what the preset fills in. */

import type { Node } from "jsonc-parser";
import { type InlayHint, InlayHintKind, type Range } from "vscode-languageserver";
import { byteText } from "../base/byte-text.ts";
import { counted } from "../base/counted.ts";
import { nodeAt, plainValue } from "../config/parse.ts";
import { presetSource, presetValues } from "../config/preset.ts";
import type { Path } from "../config/problem.ts";
import { valueText } from "./amounts.ts";
import type { Analysis } from "./analysis.ts";
import { classesWithPhotos, type KnownFacts } from "./known-facts.ts";
import { type PlanCounts, planCounts } from "./plan-counts.ts";
import { decidedValue } from "./values.ts";

/** The hints of a stretch of the text. */
export function inlayHints(analysis: Analysis, range: Range, known: KnownFacts): InlayHint[] {
  const { document } = analysis;
  const first = document.offsetAt(range.start);
  const last = document.offsetAt(range.end);
  const all = [...valueHints(analysis, known), ...groupHints(analysis)];
  return all
    .filter(({ offset }) => first <= offset && offset <= last)
    .map(({ offset, label, tooltip }) => ({
      position: document.positionAt(offset),
      label,
      kind: InlayHintKind.Type,
      paddingLeft: true,
      ...(tooltip === undefined ? {} : { tooltip: { kind: "markdown" as const, value: tooltip } }),
    }));
}

type Hint = { readonly offset: number; readonly label: string; readonly tooltip?: string };

function valueHints(analysis: Analysis, known: KnownFacts): readonly Hint[] {
  const counts = planCounts(analysis, known);
  const hints: readonly (readonly [Path, string | undefined])[] = [
    [["model"], modelHint(known)],
    [["preset"], presetHint(analysis)],
    [["data", "folder"], folderHint(known)],
    [["data", "shots"], counts && adapterHint(counts)],
    [["adapter", "alpha"], scaleHint(analysis)],
    [["training", "batchSize"], memoryHint(known)],
    [["sampling", "imagesPerClass"], counts && imageHint(counts)],
    [["sampling", "guidanceScale"], guidanceHint(analysis)],
  ];
  return hints.flatMap(([path, label]) => {
    const node = nodeAt(analysis.parsed.tree, path);
    return node === undefined || label === undefined ? [] : [{ offset: node.offset + node.length, label }];
  });
}

function modelHint({ model }: KnownFacts): string | undefined {
  return model?.state === "ready" && model.side !== undefined ? `${model.side} px` : undefined;
}

function presetHint({ parsed, preset }: Analysis): string | undefined {
  return nodeAt(parsed.tree, ["preset"])?.value === "auto" ? preset.name : undefined;
}

function folderHint(known: KnownFacts): string | undefined {
  const classes = classesWithPhotos(known);
  const photos = classes.reduce((sum, { photoCount }) => sum + photoCount, 0);
  if (classes.length === 0) return undefined;
  return `${classes.length} ${classes.length === 1 ? "class" : "classes"}, ${counted(photos, "photo")}`;
}

function adapterHint({ adapters, photos }: PlanCounts): string {
  return adapters === 0 ? counted(photos, "photo") : counted(adapters, "adapter");
}

function imageHint({ images, classes }: PlanCounts): string | undefined {
  return classes === 1 ? undefined : counted(images, "image");
}

function scaleHint(analysis: Analysis): string | undefined {
  const alpha = decidedValue(analysis, ["adapter", "alpha"])?.value;
  const rank = decidedValue(analysis, ["adapter", "rank"])?.value;
  if (typeof alpha !== "number" || typeof rank !== "number" || rank <= 0) return undefined;
  return `scale ${Number((alpha / rank).toPrecision(3))}`;
}

function memoryHint({ cost }: KnownFacts): string | undefined {
  return cost?.isCurrent === true ? byteText(cost.plan.memoryBytes) : undefined;
}

function guidanceHint(analysis: Analysis): string | undefined {
  return decidedValue(analysis, ["sampling", "guidanceScale"])?.value === 1 ? "guidance off" : undefined;
}

/** What one wants to know first of what a group leaves out. */
const telling = ["steps", "epochs", "learningRate", "imagesPerClass", "guidanceScale", "rank", "alpha"];

function byInterest([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  const places = [left, right].map((field) => (telling.includes(field) ? telling.indexOf(field) : telling.length));
  return (places[0] as number) - (places[1] as number);
}

/** So many values are shown; the tooltip has all. */
const shownValues = 3;

/** What the preset says of the fields that a group leaves out, behind the group's end. */
function groupHints({ parsed, preset, inheritance }: Analysis): readonly Hint[] {
  return Object.entries(presetValues(preset)).flatMap(([group, values]) => {
    const node = nodeAt(parsed.tree, [group]);
    if (node?.type !== "object" || !isClosed(parsed.text, node)) return [];
    const inherited = [...inheritance.fields].flatMap(([path, { base, node: field }]) =>
      path.startsWith(`${group}.`) ? [[path.slice(group.length + 1), plainValue(field), base.name] as const] : [],
    );
    const given = plainValue(nodeAt(inheritance.tree, [group]) ?? node) as Readonly<Record<string, unknown>>;
    const absent = Object.entries(values).filter(([field, value]) => value !== null && !Object.hasOwn(given, field));
    if (absent.length + inherited.length === 0) return [];
    const shown = [...inherited.map(([field, value]) => [field, value] as const), ...absent]
      .sort(byInterest)
      .slice(0, shownValues)
      .map(([field, value]) => `${field} ${shortValue(value)}`);
    const more = inherited.length + absent.length - shown.length;
    const label = `${shown.join(", ")}${0 < more ? `, ${more} more` : ""}`;
    const rows = absent.map(([field, value]) => {
      return `- \`${field}\`: \`${valueText(value)}\`, ${presetSource(preset, group, field) ?? ""}`;
    });
    const inheritedRows = inherited.map(([field, value, name]) => `- \`${field}\`: \`${valueText(value)}\`, ${name}`);
    const tooltip = [
      ...(inherited.length === 0 ? [] : ["Inherited:", "", ...inheritedRows, ""]),
      ...(absent.length === 0 ? [] : [`From the preset ${preset.name}:`, "", ...rows]),
    ].join("\n");
    return [{ offset: node.offset + node.length, label, tooltip }];
  });
}

function shortValue(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `${value.length} of them`;
  const kind = value !== null && typeof value === "object" ? (value as { readonly kind?: unknown }).kind : undefined;
  return typeof kind === "string" ? kind : valueText(value, 20);
}

/** A group that is still being typed ends where the text ends. */
function isClosed(text: string, node: Node): boolean {
  return text[node.offset + node.length - 1] === "}";
}
