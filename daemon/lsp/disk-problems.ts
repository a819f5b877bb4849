/** Problems that only show beside the disk and the machine: folders, photos, the model, memory. Pure: facts are values. */

import type { Node } from "jsonc-parser";
import { byteText } from "../base/byte-text.ts";
import { counted } from "../base/counted.ts";
import type { ClassFacts, DataFacts } from "../config/facts.ts";
import { nodeAt } from "../config/parse.ts";
import { mostProblems, type Path, pathText, type Span, type Stated } from "../config/problem.ts";
import { closest } from "../config/suggest.ts";
import { statedAt } from "../config/validate.ts";
import { type Analysis, givenValue, methodName, spanAt, textAt } from "./analysis.ts";
import { classesWithPhotos, type KnownFacts } from "./known-facts.ts";
import { decidedValue } from "./values.ts";

/** Codes as `loft` has them for the same things where it has any. */
export type DiskProblemCode =
  | "data-folder-missing"
  | "data-folder-layout"
  | "data-folder-empty"
  | "class-empty"
  | "class-folder-unknown"
  | "few-photos"
  | "few-adapters"
  | "model-missing"
  | "model-not-downloaded"
  | "model-config-unsupported"
  | "rank-too-large"
  | "resolution-unusual"
  | "captions-missing"
  | "memory-short";

export type DiskProblem = {
  readonly severity: "error" | "warning" | "information";
  readonly code: DiskProblemCode;
  readonly message: string;
  readonly fix?: string;
  readonly suggestion?: string;
  readonly path: Path;
  /** Where the value stands, when the file inherits it. */
  readonly stated?: Stated;
} & Span;

/** All of them, as far as the facts are known; a field that is wrong in itself is left alone. */
export function diskProblems(analysis: Analysis, known: KnownFacts): readonly DiskProblem[] {
  return [
    ...dataFolderProblems(analysis, known.data),
    ...emptyClassProblems(analysis, known),
    ...classNameProblems(analysis, known),
    ...shotProblems(analysis, known),
    ...modelProblems(analysis, known),
    ...rankProblems(analysis, known),
    ...resolutionProblems(analysis, known),
    ...captionProblems(analysis, known),
    ...memoryProblems(analysis, known),
  ];
}

const dataFolder: Path = ["data", "folder"];

function dataFolderProblems(analysis: Analysis, data: DataFacts | undefined): readonly DiskProblem[] {
  const folder = textAt(analysis.inheritance, dataFolder);
  if (folder === undefined || data === undefined) return [];
  const problem = (code: DiskProblemCode, message: string, fix: string, suggestion?: string) => [
    draft(analysis, {
      severity: "error",
      code,
      path: dataFolder,
      message,
      fix,
      ...(suggestion === undefined ? {} : { suggestion }),
    }),
  ];
  const layout = "Put the photos of each class into a folder of their own in it.";
  switch (data.state) {
    case "missing": {
      const meant = data.similar === undefined ? undefined : withLastPart(folder, data.similar);
      const fix =
        meant === undefined ? "Give a folder that holds one folder of photos per class." : `Did you mean "${meant}"?`;
      return problem("data-folder-missing", `There is no folder "${folder}".`, fix, meant);
    }
    case "not-a-folder":
      return problem(
        "data-folder-missing",
        `"${folder}" is a file, not a folder.`,
        "Give the folder that holds the class folders.",
      );
    case "unreadable":
      return problem("data-folder-missing", `The folder "${folder}" cannot be read.`, "Check its permissions.");
    case "folder":
      break;
  }
  if (data.classes.some(({ photoCount }) => 0 < photoCount)) return [];
  if (0 < data.loosePhotos)
    return problem("data-folder-layout", `"${folder}" holds photos directly, not in class folders.`, layout);
  if (data.deeper === undefined)
    return problem("data-folder-empty", `No photo was found in the class folders of "${folder}".`, layout);
  const deeper = `${folder.replace(/[\\/]+$/, "")}/${data.deeper}`;
  return problem(
    "data-folder-layout",
    `The class folders of "${folder}" hold only folders.`,
    `Did you mean "${deeper}"?`,
    deeper,
  );
}

function withLastPart(path: string, name: string): string {
  const trimmed = path.trim().replace(/[\\/]+$/, "");
  return `${trimmed.slice(0, trimmed.length - (trimmed.split(/[\\/]/).at(-1) ?? "").length)}${name}`;
}

function emptyClassProblems(analysis: Analysis, known: KnownFacts): readonly DiskProblem[] {
  if (known.data?.state !== "folder" || classesWithPhotos(known).length === 0) return [];
  const empty = known.data.classes.filter(({ photoCount }) => photoCount === 0);
  if (empty.length === 0) return [];
  const message = `No photo is in ${listed(empty.map(({ folder }) => `"${folder}"`))}: left out.`;
  const fix = "Put photos into the folder, or remove it.";
  return [draft(analysis, { severity: "warning", code: "class-empty", path: dataFolder, message, fix })];
}

function classNameProblems(analysis: Analysis, known: KnownFacts): readonly DiskProblem[] {
  const names = nodeAt(analysis.inheritance.tree, ["data", "classNames"]);
  if (names?.type !== "object") return [];
  const folders = foldersOf(known);
  if (folders.size === 0) return [];
  const unknown = keysOutside(names, folders);
  if (unknown.length === 0) return [];
  const given = new Set((names.children ?? []).map(({ children }) => String(children?.[0]?.value).normalize("NFC")));
  const present = [...folders];
  const unnamed = present.filter((folder) => !given.has(folder));
  return unknown
    .map((key, index) => unknownFolder(key, present, index * unnamed.length < mostComparisons ? unnamed : []))
    .map((problem) => placed(analysis, problem, problem));
}

/** The first keys of a group that name none of the folders; most do, and in their one spelling. */
function keysOutside(group: Node, folders: ReadonlySet<string>): readonly Node[] {
  const outside: Node[] = [];
  for (const { children } of group.children ?? []) {
    const key = children?.[0];
    if (key === undefined || folders.has(key.value)) continue;
    if (!folders.has(String(key.value).normalize("NFC"))) outside.push(key);
    if (outside.length === mostProblems) break;
  }
  return outside;
}

/** The class folders of each answer of the disk, in one spelling: they stay the same over many keystrokes. */
const knownFolders = new WeakMap<DataFacts, ReadonlySet<string>>();

function foldersOf(known: KnownFacts): ReadonlySet<string> {
  const { data } = known;
  if (data === undefined) return new Set();
  const folders =
    knownFolders.get(data) ?? new Set(classesWithPhotos(known).map(({ folder }) => folder.normalize("NFC")));
  knownFolders.set(data, folders);
  return folders;
}

/** With so many unknown names the folder is another one: guesses would take long and help nobody. */
const mostComparisons = 2000;

function unknownFolder(key: Node, folders: readonly string[], candidates: readonly string[]): DiskProblem {
  const name = String(key.value);
  const meant = closest(name, candidates);
  return {
    severity: "error",
    code: "class-folder-unknown",
    message: `data.folder has no class folder "${name}" with photos.`,
    fix: meant === undefined ? `It has: ${folders.slice(0, 10).join(", ")}.` : `Did you mean "${meant}"?`,
    ...(meant === undefined ? {} : { suggestion: meant }),
    path: ["data", "classNames", name],
    offset: key.offset,
    length: key.length,
  };
}

function shotProblems(analysis: Analysis, known: KnownFacts): readonly DiskProblem[] {
  const classes = classesWithPhotos(known);
  const shots = givenValue(analysis.inheritance, ["data", "shots"]);
  const perImage = decidedValue(analysis, ["fusion", "adaptersPerImage"])?.value;
  const problems: DiskProblem[] = [];
  const few = typeof shots === "number" ? classes.filter(({ photoCount }) => photoCount < shots) : [];
  if (0 < few.length) {
    const message = `data.shots asks for ${counted(Number(shots), "photo")} per class, but ${photoList(few)}; all are used.`;
    const fix = "Add photos, or lower data.shots.";
    problems.push(draft(analysis, { severity: "warning", code: "few-photos", path: ["data", "shots"], message, fix }));
  }
  const single =
    typeof perImage === "number" && methodName(analysis) === "loft"
      ? classes.filter(({ photoCount }) => photoCount < perImage)
      : [];
  if (0 < single.length) {
    const message = `${counted(Number(perImage), "adapter")} are fused for each image, but ${photoList(single)}: their images fuse fewer.`;
    const path = ["fusion", "adaptersPerImage"];
    problems.push(
      draft(analysis, { severity: "information", code: "few-adapters", path, message, fix: "Add photos." }),
    );
  }
  return problems;
}

/** `"cat" has 3 and "dog" has 5`. */
function photoList(classes: readonly ClassFacts[]): string {
  return listed(classes.map(({ folder, photoCount }) => `"${folder}" has ${photoCount}`));
}

function listed(items: readonly string[]): string {
  const shown = items.slice(0, 3);
  const more = items.length - shown.length;
  const all = 0 < more ? [...shown, `${more} more`] : shown;
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

function modelProblems(analysis: Analysis, { model }: KnownFacts): readonly DiskProblem[] {
  if (model?.problem === undefined || model.state === "ready") return [];
  const codes = {
    unknown: "model-missing",
    incomplete: "model-missing",
    "not-downloaded": "model-not-downloaded",
    unsupported: "model-config-unsupported",
  } as const;
  const { what, fix, suggestion } = model.problem;
  const more = suggestion === undefined ? {} : { suggestion };
  return [
    draft(analysis, { severity: "error", code: codes[model.state], path: ["model"], message: what, fix, ...more }),
  ];
}

function rankProblems(analysis: Analysis, { model }: KnownFacts): readonly DiskProblem[] {
  const rank = decidedValue(analysis, ["adapter", "rank"])?.value;
  const widest = model?.narrowestLayer;
  if (typeof rank !== "number" || widest === undefined || rank <= widest) return [];
  const message = `adapter.rank ${rank} is more than the narrowest layer of ${model?.name} has (${widest}): a higher rank holds no more.`;
  const path = ["adapter", "rank"];
  return [
    draft(analysis, {
      severity: "warning",
      code: "rank-too-large",
      path,
      message,
      fix: `Use at most ${widest}.`,
      suggestion: String(widest),
    }),
  ];
}

function resolutionProblems(analysis: Analysis, { model }: KnownFacts): readonly DiskProblem[] {
  const path = ["training", "resolution"];
  const side = decidedValue(analysis, path)?.value;
  if (typeof side !== "number" || model?.side === undefined) return [];
  if (model.stride !== undefined && side % model.stride !== 0) {
    const near = Math.max(model.stride, Math.round(side / model.stride) * model.stride);
    const message = `Pictures of ${model.name} have sides that ${model.stride} divides; training.resolution is ${side}.`;
    return [
      draft(analysis, {
        severity: "error",
        code: "model-config-unsupported",
        path,
        message,
        fix: `Use ${near}.`,
        suggestion: String(near),
      }),
    ];
  }
  if (model.side <= 2 * side && side <= 2 * model.side) return [];
  const message = `${model.name} was made for pictures of ${model.side} px; training.resolution is ${side}.`;
  const fix = `Use about ${model.side}, or null for the model's own, unless you mean it.`;
  return [
    draft(analysis, {
      severity: "warning",
      code: "resolution-unusual",
      path,
      message,
      fix,
      suggestion: String(model.side),
    }),
  ];
}

function captionProblems(analysis: Analysis, { hasCaptions }: KnownFacts): readonly DiskProblem[] {
  const path = ["prompt", "captions"];
  const file = textAt(analysis.inheritance, path);
  if (file === undefined || hasCaptions !== false) return [];
  const message = `There is no file "${file}".`;
  const fix = "Give a text file of [class] lines with a caption a line below, or a .json object of lists.";
  return [draft(analysis, { severity: "error", code: "captions-missing", path, message, fix })];
}

/** Room that the system and other programs need. */
const usableShare = 0.9;

function memoryProblems(analysis: Analysis, { cost, memoryBytes }: KnownFacts): readonly DiskProblem[] {
  // A graphics card's memory is not this machine's.
  if (cost === undefined || memoryBytes === undefined || !/^cpu\b/i.test(cost.plan.device)) return [];
  if (cost.plan.memoryBytes <= usableShare * memoryBytes) return [];
  const message = `The run needs about ${byteText(cost.plan.memoryBytes)} of memory; this machine has ${byteText(memoryBytes)}.`;
  const batch = decidedValue(analysis, ["training", "batchSize"])?.value;
  const fix = `Lower training.batchSize (${String(batch)} now), or take a smaller model.`;
  return [
    draft(analysis, { severity: "warning", code: "memory-short", path: ["training", "batchSize"], message, fix }),
  ];
}

function draft(analysis: Analysis, problem: Omit<DiskProblem, "offset" | "length">): DiskProblem {
  return placed(analysis, problem, spanAt(analysis.inheritance, problem.path));
}

function placed({ inheritance }: Analysis, problem: Omit<DiskProblem, "offset" | "length">, span: Span): DiskProblem {
  const { offset, length } = span;
  const stated = statedAt(inheritance, problem);
  if (stated === undefined) return { ...problem, offset, length };
  // What was meant belongs into the file that states it.
  const { suggestion, ...rest } = problem;
  return { ...rest, offset, length, stated };
}

/** For tests and logs. */
export function diskProblemText({ severity, code, path, message, fix }: DiskProblem): string {
  return `${severity} ${code} ${pathText(path)}: ${message}${fix === undefined ? "" : ` ${fix}`}`;
}
