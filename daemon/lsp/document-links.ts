/** Links of a configuration: folders, the schema, the model, captions, and of a class its first photo. */
import { join } from "node:path";
import type { Node } from "jsonc-parser";
import type { DocumentLink } from "vscode-languageserver";
import { nodeAt } from "../config/parse.ts";
import type { Path } from "../config/problem.ts";
import { type Analysis, rangeOf, textAt } from "./analysis.ts";
import { placeOf, uriOf } from "./file-path.ts";
import { classesWithPhotos, type KnownFacts } from "./known-facts.ts";

/** What can be opened; only places that are known to be there, but for those that nobody looked at. */
export function documentLinks(analysis: Analysis, known: KnownFacts): DocumentLink[] {
  const base = analysis.inheritance.bases[0];
  const data = known.data?.state === "folder" ? placeAt(analysis, ["data", "folder"]) : undefined;
  const captions = known.hasCaptions === true ? placeAt(analysis, ["prompt", "captions"]) : undefined;
  return [
    ...link(analysis, ["$schema"], schemaTarget(analysis), "The schema of configurations"),
    ...link(analysis, ["extends"], base && uriOf(base.file), "The configuration that this one extends"),
    ...link(analysis, ["model"], modelTarget(known), "The model's folder"),
    ...link(analysis, ["data", "folder"], data && uriOf(data), "The folder of photos"),
    ...link(analysis, ["prompt", "captions"], captions && uriOf(captions), "The captions"),
    ...classLinks(analysis, known),
  ];
}

function link(
  { document, parsed }: Analysis,
  path: Path,
  target: string | undefined,
  tooltip: string,
): readonly DocumentLink[] {
  const node = nodeAt(parsed.tree, path);
  if (target === undefined || node?.type !== "string" || node.length < 3) return [];
  return [{ range: rangeOf(document, insideQuotes(parsed.text, node)), target, tooltip }];
}

/** A key of `data.classNames` opens the first photo of its folder. */
function classLinks(analysis: Analysis, known: KnownFacts): readonly DocumentLink[] {
  const folder = placeAt(analysis, ["data", "folder"]);
  const names = nodeAt(analysis.parsed.tree, ["data", "classNames"]);
  if (folder === undefined || names?.type !== "object") return [];
  const classes = new Map(classesWithPhotos(known).map((each) => [each.folder.normalize("NFC"), each]));
  return (names.children ?? []).flatMap(({ children }) => {
    const key = children?.[0];
    const found = key && classes.get(String(key.value).normalize("NFC"));
    if (key === undefined || key.length < 3 || found?.firstPhoto === undefined) return [];
    const target = uriOf(join(folder, found.folder, found.firstPhoto));
    return [
      {
        range: rangeOf(analysis.document, insideQuotes(analysis.parsed.text, key)),
        target,
        tooltip: "Its first photo",
      },
    ];
  });
}

function placeAt({ inheritance, file }: Analysis, path: Path): string | undefined {
  return placeOf(file, textAt(inheritance, path) ?? "");
}

function schemaTarget(analysis: Analysis): string | undefined {
  const reference = textAt(analysis.parsed, ["$schema"]);
  if (reference === undefined || /^(https?|file):\/\//i.test(reference)) return reference;
  const place = placeOf(analysis.file, reference);
  return place && uriOf(place);
}

/** The list of the model's parts: something that opens as text. */
function modelTarget({ model }: KnownFacts): string | undefined {
  return model?.state === "ready" && model.folder !== undefined
    ? uriOf(join(model.folder, "model_index.json"))
    : undefined;
}

/** A string without its quotes; one that is not closed has only the first. */
export function insideQuotes(text: string, { offset, length }: Pick<Node, "offset" | "length">) {
  const isClosed = 1 < length && text[offset + length - 1] === '"';
  return { offset: offset + 1, length: Math.max(0, length - (isClosed ? 2 : 1)) };
}
