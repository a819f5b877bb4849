/** Problems of a configuration with its method: what the method needs and lacks, and what it has no use for. */
import type { Node } from "jsonc-parser";
import { nodeAt } from "./parse.ts";
import type { MethodName } from "./preset.ts";
import type { Path, ProblemDraft } from "./problem.ts";
import { draft, textAt } from "./problem-drafts.ts";
import { configFieldSchema } from "./schema-fields.ts";

/** Captions for caption-prompt, and warnings about fields that change nothing for any method in use. */
export function methodProblems(tree: Node, method: MethodName): readonly ProblemDraft[] {
  const compared = comparedMethods(tree);
  return [...captionsProblems(tree, method, compared), ...unusedProblems(tree, method, compared)];
}

const methodNames: ReadonlySet<unknown> = new Set(configFieldSchema(["method"])?.enum);

/** Whether a value of a possibly wrong configuration names a method. */
export function isMethodName(value: unknown): value is MethodName {
  return methodNames.has(value);
}

/** The methods of `evaluation.methods`. */
function comparedMethods(tree: Node): readonly MethodName[] {
  const items = nodeAt(tree, ["evaluation", "methods"])?.children ?? [];
  return items.map(({ value }): unknown => value).filter(isMethodName);
}

/** Whether a method has a use for the values of training. */
export function trainsAdapters(method: MethodName): boolean {
  return method !== "class-prompt" && method !== "caption-prompt";
}

function captionsProblems(tree: Node, method: MethodName, compared: readonly MethodName[]): readonly ProblemDraft[] {
  const isGiven = textAt(tree, ["prompt", "captions"]) !== undefined;
  const place = method === "caption-prompt" ? ["method"] : ["evaluation", "methods"];
  if ([method, ...compared].includes("caption-prompt")) {
    if (isGiven) return [];
    const message = 'The method "caption-prompt" needs captions, and prompt.captions is not given.';
    const fix =
      'Write for example "prompt": { "captions": "captions.txt" }; the file has a [class] line and a caption a line.';
    return [draft(tree, "captions-not-given", place, message, fix)];
  }
  if (!isGiven) return [];
  return [unused(tree, method, ["prompt", "captions"], 'Set "method" to "caption-prompt", or remove it.')];
}

/** The fields that a method leaves alone: fusion where there is no choice of adapters, training where there is none. */
function unusedProblems(tree: Node, method: MethodName, compared: readonly MethodName[]): readonly ProblemDraft[] {
  // A long list names the same few methods again and again.
  const others = [...new Set(compared)].map((one) => new Set(unusedPaths(tree, one).map(String)));
  const paths = unusedPaths(tree, method).filter(
    (path) => nodeAt(tree, path) !== undefined && others.every((unusedThere) => unusedThere.has(String(path))),
  );
  return paths.map((path) => unused(tree, method, path, "Remove it, or choose another method."));
}

function unusedPaths(tree: Node, method: MethodName): readonly Path[] {
  const fusion = [
    ["fusion", "adaptersPerImage"],
    ["fusion", "weights"],
  ];
  switch (method) {
    case "loft":
      return [];
    case "datadream-class":
    case "datadream-dataset":
      return fusion;
    case "class-prompt":
      return [...fusion, ...fieldsOf(tree, "adapter"), ...fieldsOf(tree, "training")];
    case "caption-prompt":
      return [["prompt", "template"], ...fusion, ...fieldsOf(tree, "adapter"), ...fieldsOf(tree, "training")];
  }
}

/** The fields given in a group but the resolution, which counts in sampling too. */
function fieldsOf(tree: Node, group: string): readonly Path[] {
  const properties = nodeAt(tree, [group])?.children ?? [];
  const names = properties.map(({ children }) => String(children?.[0]?.value));
  return names.filter((name) => name !== "resolution").map((name) => [group, name]);
}

function unused(tree: Node, method: MethodName, path: Path, fix: string): ProblemDraft {
  const message = `${path.join(".")} has no effect with the method "${method}".`;
  return { ...draft(tree, "field-unused", path, message, fix), severity: "warning" };
}
