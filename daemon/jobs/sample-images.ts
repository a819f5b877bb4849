/** Carries out the images of a plan: batch by batch, every image with its own fusion and its own noise. */
import type { AdapterWeights } from "../adapters/adapter-weights.ts";
import { fuseAdapters } from "../adapters/fuse.ts";
import { type LoraLayout, loraLayout, packedFromLora } from "../adapters/lora.ts";
import { findTargetModules } from "../adapters/targets.ts";
import { loftError } from "../base/errors.ts";
import { randomStream } from "../base/random.ts";
import { generationParametersText } from "../data/generation-parameters.ts";
import { encodePng, type PngNotes } from "../data/image-file.ts";
import { toRgb8 } from "../data/picture.ts";
import { syntheticXmp } from "../data/provenance.ts";
import { writeSyntheticImage } from "../data/synthetic-folder.ts";
import { type DiffusionModel, latentSize } from "../diffusion/diffusion-model.ts";
import { encodePrompts } from "../diffusion/encode-prompts.ts";
import type { Scheduler } from "../diffusion/schedulers/scheduler.ts";
import type { AdapterTask, ImageTask } from "../pipeline/plan.ts";
import { createSampler, type Sampler, type SamplingRow } from "../sampling/sampler.ts";
import type { EventLog } from "./event-log.ts";
import { type FinishedImage, isImageDone, openFinishedImages, readFinishedImages } from "./finished-images.ts";
import { imageRecord } from "./image-record.ts";
import { schedulerOf } from "./image-scheduler.ts";
import { type Job, stopIfInterrupted, taskFailed } from "./job.ts";
import { type ByRows, keepLatest } from "./keep-latest.ts";
import { isAdapterDone } from "./run-folder.ts";
import { readTrainedAdapter } from "./trained-adapter.ts";

/** Sample every image of the plan that is not there yet. */
export async function sampleImages(job: Job): Promise<void> {
  const finished = await readFinishedImages(job.root);
  const missing = new Set<string>();
  for (const { id } of job.plan.images) if (!(await isImageDone(job.root, finished, id))) missing.add(id);
  if (missing.size === 0) return;
  // Batches are cut from the whole plan, so that an interrupted run makes the same batches as an undisturbed one.
  const batches = batchesOf(job.plan.images, job.config.sampling.batchSize).filter((batch) =>
    batch.some(({ id }) => missing.has(id)),
  );
  const studio = await openStudio(job, batches.flat());
  const journal = await openFinishedImages(job.root);
  try {
    for (const batch of batches) {
      stopIfInterrupted(job);
      await sampleBatch(job, studio, { batch, wanted: batch.filter(({ id }) => missing.has(id)), journal });
    }
  } finally {
    await studio.samplers.release();
    await journal.close();
  }
}

function batchesOf(tasks: readonly ImageTask[], size: number): ImageTask[][] {
  const batches: ImageTask[][] = [];
  for (let start = 0; start < tasks.length; start += size) batches.push(tasks.slice(start, start + size));
  return batches;
}

/** What all batches share: the sampler, prompts, adapters. */
type Studio = {
  readonly samplers: ByRows<Sampler>;
  readonly scheduler: Scheduler;
  readonly embeds: ReadonlyMap<string, Float32Array>;
  readonly adapters: ReadonlyMap<string, AdapterTask>;
  readonly fusion: (task: ImageTask) => Promise<Float32Array>;
};

async function openStudio(job: Job, images: readonly ImageTask[]): Promise<Studio> {
  const model = job.model.diffusion;
  const { parameters } = images[0]!;
  const { resolution, guidanceScale } = parameters;
  const layout = fusionLayout(job);
  const byId = new Map(job.plan.adapters.map((task) => [task.id, task]));
  const load = adapterLoader(job, byId);
  return {
    samplers: keepLatest((rows) => createSampler(model, { rows, resolution, guidanceScale, layout })),
    scheduler: schedulerOf(model, parameters),
    embeds: await encodePrompts(
      model,
      images.flatMap(({ prompt, negativePrompt }) => [prompt, negativePrompt]),
      job.signal,
    ),
    adapters: byId,
    fusion: async ({ fusion }) => {
      const parts: { adapter: AdapterWeights; weight: number }[] = [];
      for (const { adapterId, weight } of fusion) parts.push({ adapter: await load(adapterId), weight });
      return packedFromLora(layout, fuseAdapters(parts, layout.rank));
    },
  };
}

/** The noise an image starts from: it depends on run seed, class and index alone. */
export function startNoise(
  model: DiffusionModel,
  { parameters, className, imageIndex }: Pick<ImageTask, "parameters" | "className" | "imageIndex">,
): Float32Array {
  return randomStream(parameters.seed, "image", className, imageIndex).normals(
    latentSize(model, parameters.resolution),
  );
}

/** Room for the largest fusion of the plan; smaller ones are filled up with zeros. */
function fusionLayout({ plan, model }: Job): LoraLayout {
  const { rank, targetModules } = plan.adapters[0]!.parameters;
  return loraLayout(
    rank * largestFusion(plan.images),
    findTargetModules(model.diffusion.unet.file.tensors, targetModules),
  );
}

/** The most adapters that one image fuses. */
export function largestFusion(images: readonly Pick<ImageTask, "fusion">[]): number {
  return images.reduce((most, { fusion }) => Math.max(most, fusion.length), 0);
}

/** Adapters in memory at once; an adapter is some hundred kilobytes to a few megabytes. */
const adaptersKept = 128;

/** Reads adapters by task id and keeps the latest. */
function adapterLoader(job: Job, tasks: ReadonlyMap<string, AdapterTask>): (id: string) => Promise<AdapterWeights> {
  const kept = new Map<string, AdapterWeights>();
  return async (id) => {
    const adapter = kept.get(id) ?? (await readTrainedAdapter(job.root, tasks.get(id)!)).unet;
    kept.delete(id);
    kept.set(id, adapter);
    if (adaptersKept < kept.size) kept.delete(kept.keys().next().value!);
    return adapter;
  };
}

type Batch = {
  /** As the plan has it: what is computed. */
  readonly batch: readonly ImageTask[];
  /** What is missing of it: what is written. */
  readonly wanted: readonly ImageTask[];
  readonly journal: EventLog<FinishedImage>;
};

async function sampleBatch(job: Job, studio: Studio, { batch, wanted, journal }: Batch): Promise<void> {
  const started = performance.now();
  const made: FinishedImage[] = [];
  const ready = await readyRows(job, studio, { batch, wanted });
  try {
    if (!ready.some(({ task }) => wanted.includes(task))) return;
    const sampler = await studio.samplers.forRows(ready.length);
    const rows = ready.map(({ row }) => row);
    const latents = await sampler.denoise(rows, studio.scheduler, { signal: job.signal });
    for (const [index, { task }] of ready.entries()) {
      if (!wanted.includes(task)) continue;
      stopIfInterrupted(job);
      const image = await finishImage(job, studio, task, () => sampler.decode(latents[index]!));
      if (image === undefined) continue;
      await journal.append(image);
      made.push(image);
    }
  } catch (error) {
    const left = wanted.filter(({ id }) => !job.failures.has(id) && made.every((image) => image.id !== id));
    taskFailed(
      job,
      left.map(({ id }) => id),
      error,
    );
  } finally {
    tellFinished(job, wanted, made, (performance.now() - started) / 1000);
  }
}

type ReadyRow = { readonly task: ImageTask; readonly row: SamplingRow };

/** The images whose adapters are all there and sound; of the others, those that are wanted have failed. */
async function readyRows(job: Job, studio: Studio, { batch, wanted }: Pick<Batch, "batch" | "wanted">) {
  const ready: ReadyRow[] = [];
  for (const task of batch) {
    try {
      await checkAdapters(job, studio, task);
      ready.push({ task, row: await samplingRow(job, studio, task) });
    } catch (error) {
      if (wanted.includes(task)) taskFailed(job, [task.id], error);
    }
  }
  return ready;
}

async function checkAdapters({ root }: Job, { adapters }: Studio, task: ImageTask): Promise<void> {
  const missing: string[] = [];
  for (const { adapterId } of task.fusion) {
    if (!(await isAdapterDone(root, task.classFolder, adapterId))) missing.push(adapters.get(adapterId)!.photo.path);
  }
  if (0 < missing.length) throw adapterMissing(task, missing);
}

async function samplingRow(job: Job, { embeds, fusion }: Studio, task: ImageTask): Promise<SamplingRow> {
  return {
    noise: startNoise(job.model.diffusion, task),
    promptEmbeds: embeds.get(task.prompt)!,
    negativeEmbeds: embeds.get(task.negativePrompt)!,
    fusion: await fusion(task),
  };
}

/** Decode and write an image; undefined when it failed and others may go on. */
async function finishImage(
  job: Job,
  studio: Studio,
  task: ImageTask,
  decode: () => Promise<Float32Array>,
): Promise<FinishedImage | undefined> {
  try {
    return await writeImage(job, studio, task, await decode());
  } catch (error) {
    taskFailed(job, [task.id], error);
    return undefined;
  }
}

async function writeImage(job: Job, studio: Studio, task: ImageTask, values: Float32Array): Promise<FinishedImage> {
  const { resolution } = task.parameters;
  const picture = toRgb8({ width: resolution, height: resolution, values });
  const bytes = await encodePng(picture, { ...imageText(job, studio, task), xmp: syntheticXmp });
  const { classFolder, imageIndex } = task;
  return { id: task.id, ...(await writeSyntheticImage(job.root, { classFolder, number: imageIndex + 1 }, bytes)) };
}

/** The text chunks of an image; none when the user wants to publish without. */
function imageText({ model, config }: Job, { adapters, scheduler }: Studio, task: ImageTask): Pick<PngNotes, "text"> {
  if (config.output.stripMetadata) return {};
  const { prompt, negativePrompt, parameters } = task;
  const record = imageRecord(task, adapters, model);
  const parametersText = generationParametersText({
    prompt,
    negativePrompt,
    steps: parameters.steps,
    sampler: schedulerTitles[scheduler.id],
    guidanceScale: parameters.guidanceScale,
    seed: parameters.seed,
    width: parameters.resolution,
    height: parameters.resolution,
    modelName: model.name,
    modelHash: model.hash,
    adapters: record.adapters.map(({ id, weight }) => ({ name: id.slice(0, 12), hash: id, weight })),
  });
  return { text: { parameters: parametersText, loft: JSON.stringify(record) } };
}

/** The names that AUTOMATIC1111's web UI gives them. */
const schedulerTitles = { ddim: "DDIM", pndm: "PLMS", "dpm-solver++": "DPM++ 2M", euler: "Euler" } as const;

function tellFinished(job: Job, tasks: readonly ImageTask[], made: readonly FinishedImage[], seconds: number): void {
  const classNames = new Map(tasks.map(({ id, className }) => [id, className]));
  for (const className of new Set(classNames.values())) {
    const files = made.filter(({ id }) => classNames.get(id) === className).map(({ file }) => file);
    if (files.length === 0) continue;
    const durationSeconds = (seconds * files.length) / made.length;
    job.emit({ type: "images-finished", className, files, durationSeconds });
  }
}

function adapterMissing({ className, imageIndex }: ImageTask, photos: readonly string[]) {
  return loftError("task-failed", {
    what: `Image ${imageIndex + 1} of ${className} needs the adapters of ${photos.join(" and ")}, which are not trained.`,
    fix: "Run `loft train` with the same configuration first, or `loft generate`, which does both.",
  });
}
