/** Completion of models and paths: what is there on the disk, as a text to put into the configuration. */
import { type CompletionItem, CompletionItemKind } from "vscode-languageserver";
import type { ModelFacts } from "../config/facts.ts";
import type { Path } from "../config/problem.ts";
import { rangeOf } from "./analysis.ts";
import type { CompletionPlace, CompletionSources } from "./completion.ts";
import { placeOf } from "./file-path.ts";

/** Fields that hold paths, and the files that they may name; without any, folders only. */
const pathFields: Readonly<Record<string, RegExp | undefined>> = {
  "data.folder": undefined,
  "output.folder": undefined,
  model: undefined,
  "prompt.captions": /\.(txt|json)$/i,
  extends: /\.loft\.json$/i,
  $schema: /\.schema\.json$/i,
};

export function isPathField(path: Path): boolean {
  return Object.hasOwn(pathFields, path.join("."));
}

/** Models by name: those that are here first. */
export async function modelItems(
  place: CompletionPlace,
  { facts, signal }: CompletionSources,
): Promise<readonly CompletionItem[]> {
  const models = await facts.models(signal).catch(() => []);
  return models.map((model, index) => ({
    ...textItem(place, model.name),
    kind: CompletionItemKind.Module,
    detail: modelDetail(model),
    ...(model.title === undefined ? {} : { documentation: model.title }),
    sortText: `0${model.state === "ready" ? 0 : 1}${String(index).padStart(4, "0")}`,
  }));
}

function modelDetail({ state, problem, license }: ModelFacts): string {
  const words = { ready: "on this machine", incomplete: "incomplete", "not-downloaded": "to be downloaded" } as const;
  const text = state === "unknown" || state === "unsupported" ? (problem?.what ?? state) : words[state];
  return license === undefined || license === "unknown" ? text : `${text}, ${license}`;
}

/** The folders, and the fitting files, of the folder that is typed so far. */
export async function pathItems(
  place: CompletionPlace,
  { facts, signal }: CompletionSources,
): Promise<readonly CompletionItem[]> {
  const field = place.path.join(".");
  // A model's name comes first; folders only for what looks like a path.
  if (field === "model" && !/^\.|[\\/]/.test(place.typed)) return [];
  const files = pathFields[field];
  const typed = place.typed.replaceAll("\\\\", "/");
  const before = typed.slice(0, typed.lastIndexOf("/") + 1);
  const folder = placeOf(place.analysis.file, before === "" ? "." : before);
  const listed = folder === undefined ? undefined : await facts.listFolder(folder, signal).catch(() => undefined);
  const entries = (listed ?? [])
    .filter(({ kind, name }) => kind === "folder" || files?.test(name) === true)
    // A configuration cannot extend itself.
    .filter(({ name }) => field !== "extends" || placeOf(place.analysis.file, before + name) !== place.analysis.file);
  const found = entries.map(({ kind, name }) => {
    const isFolder = kind === "folder";
    const path = `${before}${name}${isFolder && files !== undefined ? "/" : ""}`;
    return {
      ...textItem(place, path),
      label: isFolder ? `${name}/` : name,
      kind: isFolder ? CompletionItemKind.Folder : CompletionItemKind.File,
      sortText: `1${isFolder ? 0 : 1}${name}`,
    };
  });
  const isUpward = /^(\.\.\/)*$/.test(before);
  return isUpward
    ? [...found, { ...textItem(place, `${before}../`), label: "../", kind: CompletionItemKind.Folder, sortText: "2" }]
    : found;
}

/** A text in quotes in place of what stands there. */
function textItem({ analysis, start, end }: CompletionPlace, text: string): CompletionItem {
  const newText = JSON.stringify(text);
  const range = rangeOf(analysis.document, { offset: start, length: end - start });
  return { label: text, filterText: newText, textEdit: { range, newText } };
}
