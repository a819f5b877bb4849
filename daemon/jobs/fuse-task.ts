/** One image from any adapters of a run, as a task of a worker process that keeps model, sampler and adapters ready. */
import { access } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import type { FuseResult } from "../../schemas/protocol.ts";
import type { Adapter } from "../adapters/adapter-weights.ts";
import { loftError } from "../base/errors.ts";
import type { ResolvedConfig } from "../config/resolve.ts";
import { encodePng } from "../data/image-file.ts";
import { toRgb8 } from "../data/picture.ts";
import { syntheticXmp } from "../data/provenance.ts";
import { type DiffusionModel, nativeResolution } from "../diffusion/diffusion-model.ts";
import { encodePrompts } from "../diffusion/encode-prompts.ts";
import { chooseProvider, type ProviderChoice } from "../engine/runtime/providers.ts";
import { imageParameters } from "../pipeline/plan.ts";
import { classPrompt } from "../pipeline/prompts.ts";
import { createAdaptedPromptEncoder } from "../sampling/encode-adapted-prompts.ts";
import { createSampler, type Sampler } from "../sampling/sampler.ts";
import { type FusionLayouts, fusionLayouts } from "./adapter-layouts.ts";
import { findModel } from "./find-model.ts";
import { packFusion } from "./image-fusion.ts";
import { encodeWords, type ImageEmbeds } from "./image-prompts.ts";
import { schedulerOf } from "./image-scheduler.ts";
import { type Kept, keepSome } from "./keep-some.ts";
import { foldersIn } from "./run-classes.ts";
import { adapterFile, inRun, readRun, runPaths } from "./run-folder.ts";
import { startNoise } from "./sample-images.ts";
import type { TaskContext } from "./task-context.ts";
import { readTrainedAdapter } from "./trained-adapter.ts";
import type { FuseTask } from "./worker-messages.ts";

/** What is kept between tasks. Of models and samplers one each: they take most of the memory. */
export type FuseStudio = {
  readonly models: Kept<DiffusionModel>;
  readonly samplers: Kept<Sampler>;
  readonly adapters: Kept<Adapter>;
  readonly embeds: Kept<Float32Array>;
};

/** Empty. */
export function createFuseStudio(): FuseStudio {
  return {
    models: keepSome(1),
    samplers: keepSome(1, (sampler) => sampler.release()),
    adapters: keepSome(128),
    embeds: keepSome(64),
  };
}

/**
 * Sample an image with the run's own settings; its noise is that of the first image of the class in a run of this seed.
 * @throws LoftError "run-damaged", "adapter-invalid", "model-hash-mismatch", "interrupted", and what finding the model throws
 */
export async function fuseTask(studio: FuseStudio, task: FuseTask, context: TaskContext): Promise<FuseResult> {
  const started = performance.now();
  const { config, modelHash } = await runSettings(task.root);
  const model = await modelOf(studio, task, config, { ...context, modelHash });
  const shares: { adapter: Adapter; weight: number }[] = [];
  for (const { adapterId, weight } of task.adapters) {
    shares.push({ adapter: await adapterOf(studio, task.root, adapterId), weight });
  }
  const { adapter, sampling, training } = config;
  const resolution = training.resolution ?? nativeResolution(model);
  const rank = adapter.rank * shares.length;
  const layouts = fusionLayouts(model, { ...adapter, rank, extra: [] });
  const words = { prompt: classPrompt(config.prompt, task.className), negativePrompt: config.prompt.negative.trim() };
  const embeds = await embedsOf(studio, model, { words, layouts, shares, modelHash });
  const parameters = imageParameters(sampling, { resolution, seed: task.seed });
  const { guidanceScale, guidanceInterval } = parameters;
  const options = { resolution, guidanceScale, guidanceInterval, layout: layouts.unet };
  const key = JSON.stringify([modelHash, resolution, guidanceScale, guidanceInterval, rank, adapter.targetModules]);
  const sampler = await studio.samplers.get(key, () => createSampler(model, { rows: 1, ...options }));
  const noise = startNoise(model, { parameters, className: task.className, imageIndex: 0 });
  const row = { noise, ...embeds, fusion: packFusion(layouts, "unet", shares) };
  const [latents] = await sampler.denoise([row], schedulerOf(model, parameters), { signal: context.signal });
  const picture = toRgb8({ width: resolution, height: resolution, values: await sampler.decode(latents!) });
  const png = Buffer.from(await encodePng(picture, { xmp: syntheticXmp })).toString("base64");
  return { png, side: resolution, seconds: (performance.now() - started) / 1000 };
}

type RunSettings = { readonly config: ResolvedConfig; readonly modelHash: string };

async function runSettings(root: string): Promise<RunSettings> {
  const record = await readRun(root);
  const config = record?.config as unknown as Partial<ResolvedConfig> | undefined;
  const parts = [config?.adapter, config?.sampling, config?.training, config?.prompt];
  if (record !== undefined && parts.every((part) => typeof part === "object" && part !== null)) {
    return { config: config as ResolvedConfig, modelHash: record.modelHash };
  }
  throw loftError("run-damaged", {
    what: `${inRun(root, runPaths.record)} does not say how this run was made.`,
    fix: "Start the run again: it writes that file anew and keeps everything that is made.",
  });
}

async function modelOf(
  { models }: FuseStudio,
  task: FuseTask,
  config: ResolvedConfig,
  { places, modelHash }: Pick<TaskContext, "places"> & { readonly modelHash: string },
): Promise<DiffusionModel> {
  const provider = chooseProvider(config.device.provider as ProviderChoice);
  return models.get(`${modelHash} ${provider}`, async () => {
    const baseFolder = task.config === undefined ? configFolder(task.root, config) : dirname(task.config);
    const session = { provider, threads: config.device.threads ?? 0, dedicated: config.device.dedicated };
    const modelsFolder = join(places.packageFolder, "models");
    const found = await findModel(config.model, { modelsFolder, baseFolder }, session);
    if (found.hash === modelHash) return found.diffusion;
    throw loftError("model-hash-mismatch", {
      what: `The model ${found.name} is not the one that this run was made with.`,
      fix: "Put the former model back, or start the run again with the new one.",
    });
  });
}

/** Where the configuration of a run probably lay: its run folder says how to get here from there. */
function configFolder(root: string, { output }: ResolvedConfig): string {
  if (isAbsolute(output.folder)) return dirname(root);
  const up = output.folder.split(/[\\/]/).filter((part) => part !== "" && part !== ".");
  if (up.includes("..")) return dirname(root);
  return up.reduceRight((folder, part) => (basename(folder) === part ? dirname(folder) : folder), root);
}

async function adapterOf({ adapters }: FuseStudio, root: string, id: string): Promise<Adapter> {
  return adapters.get(`${root}\n${id}`, async () => {
    for (const classFolder of await foldersIn(inRun(root, runPaths.adapters))) {
      const isThere = await access(inRun(root, adapterFile(classFolder, id))).then(
        () => true,
        () => false,
      );
      if (isThere) return readTrainedAdapter(root, { id, classFolder });
    }
    throw loftError("adapter-invalid", {
      what: `The run in ${basename(root)} has no trained adapter ${id.slice(0, 12)}.`,
      fix: "Wait until it is trained, or start the run again.",
    });
  });
}

type Words = { readonly prompt: string; readonly negativePrompt: string };
type ToEncode = {
  readonly words: Words;
  readonly layouts: FusionLayouts;
  readonly shares: readonly { readonly adapter: Adapter; readonly weight: number }[];
  readonly modelHash: string;
};

async function embedsOf(
  { embeds }: FuseStudio,
  model: DiffusionModel,
  { words, layouts, shares, modelHash }: ToEncode,
): Promise<ImageEmbeds> {
  const packed = packFusion(layouts, "textEncoder", shares);
  if (layouts.textEncoder !== undefined && packed !== undefined) {
    const encoder = await createAdaptedPromptEncoder(model, { rows: 1, layout: layouts.textEncoder });
    try {
      return await encodeWords(encoder, words, packed);
    } finally {
      await encoder.release();
    }
  }
  const embedsOfText = (text: string) =>
    embeds.get(`${modelHash}\n${text}`, async () => (await encodePrompts(model, [text])).get(text) as Float32Array);
  return {
    promptEmbeds: await embedsOfText(words.prompt),
    negativeEmbeds: await embedsOfText(words.negativePrompt),
  };
}
