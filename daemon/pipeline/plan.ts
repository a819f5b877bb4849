/** The plan of a run: the adapters to train and the images to sample, each with its identity. Pure values, no I/O. */
import { canonicalJson, hashOf, hashWith } from "../base/hash.ts";
import type { GuidanceInterval, ResolvedConfig } from "../config/resolve.ts";
import { compareCodePoints } from "../data/code-point-order.ts";
import type { Dataset, DatasetClass, Photo, PlanWarning } from "./dataset.ts";
import { classPrompt } from "./prompts.ts";

/**
 * Part of every task's identity. Raise it when a change of the code changes the bytes that a task makes,
 * so that no result of the older code is taken for one of the newer.
 */
export const pipelineVersion = "1";

/** What a plan needs to know of the base model: the hash of its weights, and the picture side in px it was made for. */
export type ModelIdentity = { readonly hash: string; readonly resolution: number };

/** What a plan is made from. */
export type PlanContext = {
  readonly config: ResolvedConfig;
  readonly dataset: Dataset;
  readonly model: ModelIdentity;
  /** By class name, for the method that prompts with them. */
  readonly captions?: ReadonlyMap<string, readonly string[]>;
  /** Adapters of other origin that take part in every image. */
  readonly extra?: readonly ExtraUse[];
};

/** An adapter of other origin by the hash of its content, and its factor. */
export type ExtraUse = { readonly sha256: string; readonly weight: number };

/** Everything that shapes an adapter beside its examples and model. `resolution` in px. */
export type AdapterParameters = ResolvedConfig["adapter"] &
  Omit<ResolvedConfig["training"], "steps" | "epochs" | "batchSize" | "resolution"> & {
    readonly steps: number;
    readonly resolution: number;
    readonly seed: number;
  };

/** A real photo with the prompt that it is trained with. */
export type AdapterExample = {
  readonly className: string;
  /** The class's output folder. */
  readonly classFolder: string;
  readonly photo: Photo;
  readonly prompt: string;
};

/** Train one adapter on one or several photos. */
export type AdapterTask = {
  readonly id: string;
  readonly kind: "adapter";
  /** The class that all its photos show, or `allClassesName`. */
  readonly className: string;
  /** The class's output folder, or `allClassesFolder`. */
  readonly classFolder: string;
  /** At least one, in the order of class names and contents: renaming photos changes nothing. */
  readonly examples: readonly AdapterExample[];
  readonly model: string;
  readonly parameters: AdapterParameters;
};

/** An adapter's share in an image. */
export type FusedAdapter = { readonly adapterId: string; readonly weight: number };

/** Everything that shapes an image beside its adapters, prompts, model and place. `resolution` in px. */
export type ImageParameters = Omit<ResolvedConfig["sampling"], "imagesPerClass" | "batchSize" | "guidanceInterval"> & {
  /** Left out where all timesteps are guided. */
  readonly guidanceInterval?: GuidanceInterval;
  readonly resolution: number;
  readonly seed: number;
};

/** Sample one image; its noise is `randomStream(parameters.seed, "image", className, imageIndex)`. */
export type ImageTask = {
  readonly id: string;
  readonly kind: "image";
  readonly className: string;
  /** The class's output folder. */
  readonly classFolder: string;
  /** The label: the class's place among all, from 0. Not part of the identity: another class may move it. */
  readonly classIndex: number;
  /** From 0 in its class. */
  readonly imageIndex: number;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly fusion: readonly FusedAdapter[];
  /** Left out where there is none. */
  readonly extra?: readonly ExtraUse[];
  readonly model: string;
  readonly parameters: ImageParameters;
};

export type Task = AdapterTask | ImageTask;

export type Plan = {
  readonly adapters: readonly AdapterTask[];
  readonly images: readonly ImageTask[];
  readonly warnings: readonly PlanWarning[];
};

/**
 * The folder of adapters of several classes. It begins as no class folder may, so that a class named "all" keeps its
 * own.
 */
export const allClassesFolder = "_all";

/** What adapters of several classes are called in place of a class. */
export const allClassesName = "all classes";

/** The photos of a class, each with the class's prompt. */
export function classExamples(
  { config }: PlanContext,
  { className, outputFolder, photos }: DatasetClass,
): readonly AdapterExample[] {
  const prompt = classPrompt(config.prompt, className);
  return photos.map((photo) => ({ className, classFolder: outputFolder, photo, prompt }));
}

/** The task of training an adapter on photos, at least one, of one or several classes. */
export function adapterTask(context: PlanContext, photos: readonly AdapterExample[]): AdapterTask {
  const model = context.model.hash;
  const examples = [...photos].sort(byContent);
  const [first] = examples as [AdapterExample];
  const isOfOneClass = examples.every(({ className }) => className === first.className);
  const parameters = adapterParameters(context, examples.length);
  return {
    id: hashOf({ ...adapterIdentity(examples), model, parameters: hashedParameters(parameters) }),
    kind: "adapter",
    className: isOfOneClass ? first.className : allClassesName,
    classFolder: isOfOneClass ? first.classFolder : allClassesFolder,
    examples,
    model,
    parameters,
  };
}

/** The photo that an adapter is trained on, or how many they are. */
export function adapterTitle({ examples }: AdapterTask): string {
  const [first] = examples;
  return examples.length === 1 && first !== undefined ? first.photo.path : `${examples.length} photos`;
}

/** Adapters with equal keys can be trained side by side in one batch. */
export function batchKey(task: AdapterTask): string {
  return canonicalJson({ ...task.parameters, sharesPrompt: sharesPrompt(task) });
}

/** Whether the several photos of a step always come with one prompt, which is then encoded once. */
export function sharesPrompt({ examples, parameters }: AdapterTask): boolean {
  return 1 < parameters.examplesPerStep && new Set(examples.map(({ prompt }) => prompt)).size === 1;
}

/**
 * U-Net evaluations of one image. DDIM, DPM-Solver++ and Euler evaluate it once a step; guidance needs a second,
 * unguided evaluation. With an interval it is an estimate: timesteps are nearly evenly spaced.
 */
export function unetEvaluations({
  steps,
  guidanceScale,
  guidanceInterval: [from, to] = [0, 1],
}: ImageParameters): number {
  return guidanceScale === 1 ? steps : steps + Math.round(steps * Math.max(0, to - from));
}

/** What names an adapter's random numbers: the seed and the contents of its photos. */
export function adapterStream({ parameters, examples }: AdapterTask): readonly (string | number)[] {
  const photos = examples.map(({ photo }) => photo.sha256);
  return [parameters.seed, "adapter", photos.length === 1 ? (photos[0] as string) : hashOf(photos)];
}

/** What an image of a class has for itself: the adapters and their weights, none for the base model; another prompt than the class's. */
export type OwnOfImage = { readonly fusion: readonly FusedAdapter[]; readonly prompt?: string };

/**
 * Makes the tasks of sampling images of the class number `classIndex`. What they share is put together once: a plan may
 * have hundreds of thousands.
 */
export function imageTasks(
  { config, dataset, model, extra = [] }: PlanContext,
  classIndex: number,
): (imageIndex: number, own: OwnOfImage) => ImageTask {
  const { className, outputFolder } = dataset.classes[classIndex] as DatasetClass;
  const resolution = config.training.resolution ?? model.resolution;
  const shared = {
    className,
    negativePrompt: config.prompt.negative.trim(),
    ...(extra.length === 0 ? {} : { extra }),
    model: model.hash,
    parameters: imageParameters(config.sampling, { resolution, seed: config.seed }),
  };
  const ofClass = classPrompt(config.prompt, className);
  const idOf = hashWith({ kind: "image", codeVersion: pipelineVersion, ...shared });
  return (imageIndex, { fusion, prompt = ofClass }) => {
    const own = { imageIndex, prompt, fusion };
    return { id: idOf(own), kind: "image", classFolder: outputFolder, classIndex, ...shared, ...own };
  };
}

/** An adapter of one photo has the identity it had before there were others. */
function adapterIdentity(examples: readonly AdapterExample[]) {
  const contents = examples.map(contentOf);
  const head = { kind: "adapter", codeVersion: pipelineVersion };
  return contents.length === 1 ? { ...head, ...contents[0] } : { ...head, examples: contents };
}

function contentOf({ className, photo, prompt }: AdapterExample) {
  return { className, photo: photo.sha256, prompt };
}

/** Parameters that came later count only where they are not what was done before there were any. */
function hashedParameters({ textEncoder, examplesPerStep, crop, earlyStop, ...parameters }: AdapterParameters) {
  return {
    ...parameters,
    ...(textEncoder ? { textEncoder } : {}),
    ...(examplesPerStep === 1 ? {} : { examplesPerStep }),
    ...(crop === "center" ? {} : { crop }),
    ...(earlyStop === null ? {} : { earlyStop }),
  };
}

function adapterParameters({ config, model }: PlanContext, exampleCount: number): AdapterParameters {
  const { batchSize: _, steps, epochs, resolution, ...training } = config.training;
  return {
    ...config.adapter,
    ...training,
    steps: steps ?? (epochs ?? 1) * Math.ceil(exampleCount / training.examplesPerStep),
    resolution: resolution ?? model.resolution,
    seed: config.seed,
  };
}

/** How an image is sampled; a configuration of before there were guidance intervals has none. */
export function imageParameters(
  { imagesPerClass: _, batchSize: __, guidanceInterval, ...sampling }: ResolvedConfig["sampling"],
  place: { readonly resolution: number; readonly seed: number },
): ImageParameters {
  return { ...sampling, ...(guidanceInterval ? { guidanceInterval } : {}), ...place };
}

function byContent(left: AdapterExample, right: AdapterExample): number {
  return compareCodePoints(left.className, right.className) || compareCodePoints(left.photo.sha256, right.photo.sha256);
}
