/** The plan of a run: the adapters to train and the images to sample, each with its identity. Pure values, no I/O. */
import { hashOf } from "../base/hash.ts";
import type { ResolvedConfig } from "../config/resolve.ts";
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
};

/** Everything that shapes an adapter beside its photo, prompt and model. `resolution` in px. */
export type AdapterParameters = ResolvedConfig["adapter"] &
  Omit<ResolvedConfig["training"], "batchSize" | "resolution"> & { readonly resolution: number; readonly seed: number };

/** Train one adapter on one photo. */
export type AdapterTask = {
  readonly id: string;
  readonly kind: "adapter";
  readonly className: string;
  /** The class's output folder. */
  readonly classFolder: string;
  readonly photo: Photo;
  readonly prompt: string;
  readonly model: string;
  readonly parameters: AdapterParameters;
};

/** An adapter's share in an image. */
export type FusedAdapter = { readonly adapterId: string; readonly weight: number };

/** Everything that shapes an image beside its adapters, prompts, model and place. `resolution` in px. */
export type ImageParameters = Omit<ResolvedConfig["sampling"], "imagesPerClass" | "batchSize"> & {
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
  readonly model: string;
  readonly parameters: ImageParameters;
};

export type Task = AdapterTask | ImageTask;

export type Plan = {
  readonly adapters: readonly AdapterTask[];
  readonly images: readonly ImageTask[];
  readonly warnings: readonly PlanWarning[];
};

/** The task of training an adapter on a photo of a class. */
export function adapterTask(
  context: PlanContext,
  { className, outputFolder }: DatasetClass,
  photo: Photo,
): AdapterTask {
  const { config, model } = context;
  const prompt = classPrompt(config.prompt, className);
  const parameters = adapterParameters(context);
  const identity = { className, photo: photo.sha256, prompt, model: model.hash, parameters };
  const id = hashOf({ kind: "adapter", codeVersion: pipelineVersion, ...identity });
  return { id, kind: "adapter", className, classFolder: outputFolder, photo, prompt, model: model.hash, parameters };
}

/** The task of sampling image number `imageIndex` of the class number `classIndex` with fused adapters. */
export function imageTask(
  context: PlanContext,
  place: { readonly classIndex: number; readonly imageIndex: number },
  fusion: readonly FusedAdapter[],
): ImageTask {
  const { config, dataset, model } = context;
  const { className, outputFolder } = dataset.classes[place.classIndex] as DatasetClass;
  const words = { prompt: classPrompt(config.prompt, className), negativePrompt: config.prompt.negative.trim() };
  const parameters = imageParameters(context);
  const identity = { className, imageIndex: place.imageIndex, ...words, fusion, model: model.hash, parameters };
  const id = hashOf({ kind: "image", codeVersion: pipelineVersion, ...identity });
  return { id, kind: "image", classFolder: outputFolder, classIndex: place.classIndex, ...identity };
}

function adapterParameters({ config, model }: PlanContext): AdapterParameters {
  const { batchSize: _, resolution, ...training } = config.training;
  return { ...config.adapter, ...training, resolution: resolution ?? model.resolution, seed: config.seed };
}

function imageParameters({ config, model }: PlanContext): ImageParameters {
  const { imagesPerClass: _, batchSize: __, ...sampling } = config.sampling;
  return { ...sampling, resolution: config.training.resolution ?? model.resolution, seed: config.seed };
}
