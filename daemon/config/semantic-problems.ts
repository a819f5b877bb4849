/** Problems that a schema cannot know: values that do not fit each other. Reads what is well-formed and ignores the rest. */

import { posix } from "node:path";
import type { Node } from "jsonc-parser";
import { loftDefaults } from "../../schemas/generated/loft-defaults.ts";
import { counted } from "../base/counted.ts";
import { isMethodName, methodProblems, trainsAdapters } from "./method-problems.ts";
import { nodeAt, plainValue } from "./parse.ts";
import type { ChoosePreset, MethodName, PresetName, PresetValues } from "./preset.ts";
import { presetValues } from "./preset.ts";
import { mostProblems, type ProblemDraft } from "./problem.ts";
import { draft, numberAt, textAt } from "./problem-drafts.ts";
import { closest } from "./suggest.ts";
import { placeholders, placeholdersOf } from "./template.ts";

/** All problems of meaning in a tree, whatever else is wrong with it. */
export function semanticProblems(tree: Node, choosePreset: ChoosePreset): readonly ProblemDraft[] {
  const choice = presetChoice(tree);
  const { preset, model, method } = choice;
  const context = { tree, method, preset: presetValues(choosePreset(preset, model, method)) };
  return [
    ...templateProblems(context),
    ...fixedWeightsProblems(context),
    ...durationProblems(context),
    ...warmupProblems(context),
    ...methodProblems(tree, method),
    ...listProblems(context),
    ...sharedNameProblems(context),
    ...outputProblems(context),
    ...negativePromptProblems(context),
    ...presetProblems(context, choosePreset),
  ];
}

type Context = { readonly tree: Node; readonly method: MethodName; readonly preset: PresetValues };

type PresetChoice = {
  readonly preset: PresetName | "auto";
  readonly model: string;
  readonly method: MethodName;
};

/** The preset, the model and the method that a possibly wrong configuration asks for. */
function presetChoice(tree: Node): PresetChoice {
  const preset = textAt(tree, ["preset"]);
  const model = textAt(tree, ["model"]) ?? loftDefaults.model;
  const method = textAt(tree, ["method"]);
  return {
    preset: preset === "paper" || preset === "loft-mini" ? preset : "auto",
    model,
    method: isMethodName(method) ? method : loftDefaults.method,
  };
}

function templateProblems({ tree }: Context): readonly ProblemDraft[] {
  const path = ["prompt", "template"];
  const template = textAt(tree, path);
  if (template === undefined || template.trim() === "") return [];
  const names = placeholdersOf(template);
  const unknown = names.filter((name) => !(placeholders as readonly string[]).includes(name));
  const problems = unknown.map((name) => {
    const meant = closest(name, placeholders);
    const fix = meant === undefined ? "Known are {class} and {domain}." : `Did you mean {${meant}}?`;
    return draft(tree, "template-placeholder", path, `prompt.template has the unknown placeholder {${name}}.`, fix);
  });
  if (names.includes("class") || 0 < problems.length) return problems;
  const message = "prompt.template does not name the class, so that all classes would have the same prompt.";
  return [
    draft(tree, "template-placeholder", path, message, `Put {class} in it, as in "${loftDefaults.prompt.template}".`),
  ];
}

function fixedWeightsProblems({ tree, preset, method }: Context): readonly ProblemDraft[] {
  if (method !== "loft") return [];
  const path = ["fusion", "weights", "values"];
  const node = nodeAt(tree, path);
  const values = node?.type === "array" ? (plainValue(node) as readonly unknown[]) : undefined;
  if (values === undefined || textAt(tree, ["fusion", "weights", "kind"]) !== "fixed") return [];
  if (values.length === 0 || !values.every((value) => typeof value === "number" && Number.isFinite(value))) return [];
  const count = numberAt(tree, ["fusion", "adaptersPerImage"]) ?? preset.fusion.adaptersPerImage;
  const sum = (values as readonly number[]).reduce((total, value) => total + value, 0);
  if (values.length !== count) {
    const message = `fusion.weights.values has ${counted(values.length, "weight")} for ${counted(count, "adapter")} per image.`;
    return [
      draft(tree, "weights-count", path, message, `Give ${count}, or set fusion.adaptersPerImage to ${values.length}.`),
    ];
  }
  if (Math.abs(sum - 1) < 1e-6) return [];
  const message = `fusion.weights.values sum to ${Number(sum.toPrecision(6))}, not to 1: adapters act ${sum < 1 ? "weaker" : "stronger"} than trained.`;
  return [
    { ...draft(tree, "weights-sum", path, message, "Make them sum to 1 unless you mean it."), severity: "warning" },
  ];
}

/** Steps and epochs say the same thing in two units. */
function durationProblems({ tree }: Context): readonly ProblemDraft[] {
  const [steps, epochs] = ["steps", "epochs"].map((field) => numberAt(tree, ["training", field]));
  if (steps === undefined || epochs === undefined) return [];
  const message = `training.steps ${steps} and training.epochs ${epochs} are both given, and each decides how long is trained.`;
  return [draft(tree, "steps-and-epochs", ["training", "epochs"], message, "Keep one of the two.")];
}

/**
 * Only a warm-up that the user chose is wrong; the preset's may be longer than a quick trial. What epochs come to is
 * known with the photos: the plan tells then.
 */
function warmupProblems({ tree, preset, method }: Context): readonly ProblemDraft[] {
  if (!trainsAdapters(method)) return [];
  const givenWarmup = numberAt(tree, ["training", "warmupSteps"]);
  const givenSteps = numberAt(tree, ["training", "steps"]);
  const warmup = givenWarmup ?? preset.training.warmupSteps;
  const isByEpochs = numberAt(tree, ["training", "epochs"]) !== undefined;
  const steps = isByEpochs ? null : (givenSteps ?? preset.training.steps);
  if (steps === null || warmup < steps || steps < 1) return [];
  const path = ["training", givenWarmup === undefined ? "steps" : "warmupSteps"];
  const message = `The warm-up of ${counted(warmup, "step")} lasts as long as the training of ${counted(steps, "step")}: the learning rate never reaches its value.`;
  const fix = `Set training.warmupSteps below ${steps}.`;
  const severity = givenWarmup === undefined ? "warning" : "error";
  return [{ ...draft(tree, "warmup-too-long", path, message, fix), severity }];
}

/** What may be a list with a value for each classifier, and what one value is called. */
const ofEachClassifier = { learningRate: "rate", steps: "number" } as const;

/** A list of values has one for each classifier. */
function listProblems({ tree }: Context): readonly ProblemDraft[] {
  const names = nodeAt(tree, ["evaluation", "classifier"]);
  const count = names?.type === "array" ? (names.children?.length ?? 0) : 1;
  return Object.entries(ofEachClassifier).flatMap(([field, word]) => {
    const path = ["evaluation", field];
    const values = nodeAt(tree, path);
    if (values?.type !== "array" || values.children === undefined || values.children.length === 0) return [];
    if (values.children.length === count) return [];
    const message = `evaluation.${field} has ${counted(values.children.length, word)} for ${counted(count, "classifier")}.`;
    const fix = `Give ${count}, in the order of evaluation.classifier, or one number.`;
    return [draft(tree, "wrong-count", path, message, fix)];
  });
}

function sharedNameProblems({ tree }: Context): readonly ProblemDraft[] {
  const group = nodeAt(tree, ["data", "classNames"]);
  if (group?.type !== "object" || areDistinct(group)) return [];
  const names = plainValue(group) as Readonly<Record<string, unknown>>;
  const firsts = new Map<unknown, string>();
  const problems: ProblemDraft[] = [];
  for (const folder of Object.keys(names)) {
    const name = names[folder];
    const other = firsts.get(name);
    if (other === undefined) firsts.set(name, folder);
    else if (typeof name === "string") problems.push(sharedName(tree, name, [other, folder]));
    if (problems.length === mostProblems) break;
  }
  return problems;
}

/** Whether no value of a group stands there twice: with every keystroke there may be thousands to look at. */
function areDistinct({ children = [] }: Node): boolean {
  const values = new Set<unknown>();
  for (const member of children) values.add(member.children?.[1]?.value);
  return values.size === children.length;
}

function sharedName(tree: Node, name: string, [first, second]: readonly [string, string]): ProblemDraft {
  const message = `The folders "${first}" and "${second}" have the same class name "${name}".`;
  const fix = "Give them different names, or put their photos into one folder.";
  return draft(tree, "class-name-shared", ["data", "classNames", second], message, fix);
}

/** Images inside the folder of photos would be taken for photos by the next run. */
function outputProblems({ tree }: Context): readonly ProblemDraft[] {
  const data = textAt(tree, ["data", "folder"]);
  if (data === undefined || data.trim() === "") return [];
  const given = textAt(tree, ["output", "folder"]);
  const output = given ?? "runs/run";
  if (!isInside(posixPath(output), posixPath(data))) return [];
  const path = given === undefined ? ["data", "folder"] : ["output", "folder"];
  const message = `The run folder ${given === undefined ? "runs/" : `"${given}"`} lies inside data.folder "${data}": its images would be taken for photos.`;
  const fix =
    given === undefined
      ? 'Set output.folder to a place outside, such as "../runs/my-run".'
      : "Choose a folder outside.";
  return [draft(tree, "output-inside-data", path, message, fix)];
}

function negativePromptProblems({ tree, preset }: Context): readonly ProblemDraft[] {
  const negative = textAt(tree, ["prompt", "negative"]) ?? "";
  const guidance = numberAt(tree, ["sampling", "guidanceScale"]) ?? preset.sampling.guidanceScale;
  if (negative.trim() === "" || guidance !== 1) return [];
  const message = "prompt.negative has no effect at sampling.guidanceScale 1, which switches guidance off.";
  const problem = draft(
    tree,
    "negative-prompt-unused",
    ["prompt", "negative"],
    message,
    "Raise the scale or remove the prompt.",
  );
  return [{ ...problem, severity: "warning" }];
}

function presetProblems({ tree }: Context, choosePreset: ChoosePreset): readonly ProblemDraft[] {
  const { preset, model } = presetChoice(tree);
  const fitting = choosePreset("auto", model).name;
  if (preset === "auto" || preset === fitting) return [];
  const message = `preset "${preset}" is not made for the model "${model}".`;
  const problem = draft(tree, "preset-mismatch", ["preset"], message, `Use "${fitting}" or "auto" unless you mean it.`);
  return [{ ...problem, severity: "warning", suggestion: fitting }];
}

function posixPath(path: string): string {
  return posix.normalize(path.trim().replaceAll("\\", "/")).replace(/(?<=.)\/$/, "");
}

/** Whether `inner` is `outer` or lies in it; both relative to one folder, or both absolute. */
function isInside(inner: string, outer: string): boolean {
  if (posix.isAbsolute(inner) !== posix.isAbsolute(outer)) return false;
  const steps = posix.relative(outer, inner).split("/");
  return steps[0] !== "..";
}
