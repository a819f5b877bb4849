/** From a configuration file to a plan: everything a run needs to know, before anything is written. */
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { loftError } from "../base/errors.ts";
import type { MethodName } from "../config/preset.ts";
import type { Problem } from "../config/problem.ts";
import type { Resolution, ResolvedConfig } from "../config/resolve.ts";
import { closest } from "../config/suggest.ts";
import { readFewShotFolder } from "../data/few-shot-folder.ts";
import type { PhotoProblem } from "../data/photo-problems.ts";
import { nativeResolution } from "../diffusion/diffusion-model.ts";
import type { Tokenizer } from "../diffusion/tokenizer.ts";
import { chooseProvider, type ProviderChoice } from "../engine/runtime/providers.ts";
import { type Dataset, datasetOf, type PlanWarning } from "../pipeline/dataset.ts";
import { planRun } from "../pipeline/methods/methods.ts";
import type { Plan } from "../pipeline/plan.ts";
import { readConfigFile } from "./config-file.ts";
import { type ExtraAdapter, readExtraAdapters } from "./extra-adapters.ts";
import { findModel } from "./find-model.ts";
import { checkSchedulers } from "./image-scheduler.ts";
import { interrupted, type JobModel } from "./job.ts";
import { readCaptions } from "./read-captions.ts";
import { runPaths } from "./run-folder.ts";

export type JobRequest = {
  /** Absolute path of the configuration file. */
  readonly configFile: string;
  readonly modelsFolder: string;
  /** Instead of the configuration's device. */
  readonly device?: string;
  /** Instead of the configuration's method. */
  readonly method?: MethodName;
  /** Names or folders of classes; empty: all. */
  readonly onlyClasses: readonly string[];
  readonly signal?: AbortSignal;
};

export type PreparedJob = {
  readonly resolution: Resolution;
  /** Warnings about the configuration; errors were thrown. */
  readonly problems: readonly Problem[];
  readonly photoProblems: readonly PhotoProblem[];
  /** Absolute. */
  readonly dataFolder: string;
  /** As the configuration says, absolute. */
  readonly outputFolder: string;
  readonly dataset: Dataset;
  readonly model: JobModel;
  readonly extra: readonly ExtraAdapter[];
  /** Of the classes that were asked for. */
  readonly plan: Plan;
  /** Of all classes. */
  readonly wholePlan: Plan;
};

/**
 * Read configuration, photos and model, and plan.
 * @throws LoftError for anything that must be mended first; "config-invalid" lists all problems at once; "interrupted"
 */
export async function prepareJob(request: JobRequest): Promise<PreparedJob> {
  const { resolution, problems } = await readConfigFile(request.configFile, request.method);
  const { config } = resolution;
  const baseFolder = dirname(request.configFile);
  const dataFolder = resolve(baseFolder, config.data.folder);
  const provider = chooseProvider((request.device ?? config.device.provider) as ProviderChoice);
  const session = { provider, threads: config.device.threads ?? 0, dedicated: config.device.dedicated };
  const found = await readFewShotFolder(dataFolder);
  if (request.signal?.aborted) throw interrupted();
  const dataset = datasetOf(found.classes, config.data);
  const model = await findModel(config.model, { modelsFolder: request.modelsFolder, baseFolder }, session);
  if (request.signal?.aborted) throw interrupted();
  const captions = await captionsOf(config, baseFolder, dataset);
  const extra = await readExtraAdapters(config.fusion.extra, { baseFolder, model });
  const wholePlan = planOf({ resolution, dataset, model, extra }, captions);
  return {
    resolution,
    problems,
    photoProblems: found.problems,
    dataFolder,
    outputFolder: resolve(baseFolder, config.output.folder),
    dataset,
    model,
    extra,
    plan: onlyClasses(wholePlan, dataset, request.onlyClasses),
    wholePlan,
  };
}

/** The same job with other photos, `shots` of each class. Not for a method that prompts with captions. Throws as `prepareJob`. */
export function withPhotos(prepared: PreparedJob, { classes, shots }: FewerPhotos): PreparedJob {
  const { config } = prepared.resolution;
  const resolution = { ...prepared.resolution, config: { ...config, data: { ...config.data, shots } } };
  const changed = { ...prepared, resolution, dataset: { ...prepared.dataset, classes } };
  const wholePlan = planOf(changed, undefined);
  return { ...changed, plan: wholePlan, wholePlan };
}

type FewerPhotos = { readonly classes: Dataset["classes"]; readonly shots: number };

/** The plan of all classes, with what is to be told of its prompts. */
function planOf(
  { resolution: { config }, dataset, model, extra }: Pick<PreparedJob, "resolution" | "dataset" | "model" | "extra">,
  captions: Awaited<ReturnType<typeof captionsOf>>,
): Plan {
  const identity = { hash: model.hash, resolution: nativeResolution(model.diffusion) };
  const planned = planRun({
    ...{ config, dataset, model: identity, extra: extra.map(({ sha256, weight }) => ({ sha256, weight })) },
    ...(captions === undefined ? {} : { captions }),
  });
  checkSchedulers(model.diffusion, planned.images);
  return { ...planned, warnings: [...planned.warnings, ...cutPrompts(planned, model.diffusion.tokenizer)] };
}

/** The captions of the method that prompts with them; the configuration was checked for their place. */
async function captionsOf({ method, prompt }: ResolvedConfig, baseFolder: string, dataset: Dataset) {
  const isUsed = method === "caption-prompt" && prompt.captions !== null;
  return isUsed ? readCaptions(resolve(baseFolder, prompt.captions), dataset) : undefined;
}

/**
 * The folder of photos and the places a run writes to must not lie in each other: the run's copies and images would be
 * taken for photos by the next start. Both paths absolute.
 * @throws LoftError "config-invalid"
 */
export function requireSeparateFolders(dataFolder: string, runFolder: string): void {
  const written = [runPaths.photos, runPaths.dataset, runPaths.adapters, runPaths.internal];
  const photosInRun = dataFolder === runFolder || written.some((part) => isInside(dataFolder, join(runFolder, part)));
  if (!photosInRun && !isInside(runFolder, dataFolder)) return;
  const [inner, outer] = photosInRun ? [dataFolder, runFolder] : [runFolder, dataFolder];
  throw loftError("config-invalid", {
    what: photosInRun
      ? `The folder of photos ${inner} is a part of the run folder ${outer}: the run would write into it.`
      : `The run folder ${inner} lies inside the folder of photos ${outer}: its images would be taken for photos.`,
    fix: "Choose another run folder with output.folder or --output.",
  });
}

function isInside(inner: string, outer: string): boolean {
  const path = relative(outer, inner);
  return !isAbsolute(path) && path.split(sep)[0] !== "..";
}

/** Prompts longer than the text encoder reads: what is cut off does not count, and two classes may then look alike. */
function cutPrompts({ adapters, images }: Plan, tokenizer: Tokenizer): PlanWarning[] {
  const prompts = new Set(images.map(({ prompt }) => prompt));
  for (const { examples } of adapters) for (const { prompt } of examples) prompts.add(prompt);
  for (const { negativePrompt } of images) prompts.add(negativePrompt);
  const room = tokenizer.maxLength - 2;
  const [first, ...others] = [...prompts].filter((prompt) => room < tokenizer.tokens(prompt).length);
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : ` So it is with ${others.length} more prompts.`;
  const what = `The prompt "${first}" has ${tokenizer.tokens(first).length} tokens; the model reads the first ${room}.${more}`;
  return [
    {
      code: "prompt-cut",
      what,
      fix: "Shorten prompt.template or the captions, or name the class in fewer words in data.classNames.",
    },
  ];
}

function onlyClasses(plan: Plan, { classes }: Dataset, wanted: readonly string[]): Plan {
  if (wanted.length === 0) return plan;
  const known = classes.flatMap(({ className, folder }) => [className, folder]);
  for (const name of wanted) if (!known.includes(name)) throw unknownClass(name, known);
  const chosen = new Set(
    classes
      .filter(({ className, folder }) => wanted.includes(className) || wanted.includes(folder))
      .map(({ className }) => className),
  );
  const isChosen = ({ className }: { readonly className: string }) => chosen.has(className);
  // An adapter of several classes is needed for each of them.
  const adapters = plan.adapters.filter(({ examples }) => examples.some(isChosen));
  return { ...plan, adapters, images: plan.images.filter(isChosen) };
}

function unknownClass(name: string, known: readonly string[]) {
  const meant = closest(name, known);
  return loftError("usage-invalid", {
    what: `There is no class "${name}".`,
    fix: meant === undefined ? `The classes are ${[...new Set(known)].join(", ")}.` : `Did you mean "${meant}"?`,
  });
}
