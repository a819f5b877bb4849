/** Carries out the images of a plan: batch by batch, every image with its own fusion and its own noise. */
import { loftError } from "../base/errors.ts";
import { randomStream } from "../base/random.ts";
import { generationParametersText } from "../data/generation-parameters.ts";
import { encodePng, type PngNotes } from "../data/image-file.ts";
import { toRgb8 } from "../data/picture.ts";
import { syntheticXmp } from "../data/provenance.ts";
import { writeSyntheticImage } from "../data/synthetic-folder.ts";
import { type DiffusionModel, latentSize } from "../diffusion/diffusion-model.ts";
import type { Scheduler } from "../diffusion/schedulers/scheduler.ts";
import { type AdapterTask, adapterTitle, type ImageTask } from "../pipeline/plan.ts";
import { createSampler, type Sampler, type SamplingRow } from "../sampling/sampler.ts";
import type { EventLog } from "./event-log.ts";
import { type FinishedImage, isImageDone, openFinishedImages, readFinishedImages } from "./finished-images.ts";
import { type ImageFusion, imageFusion } from "./image-fusion.ts";
import { type ImagePrompts, imagePrompts } from "./image-prompts.ts";
import { imageRecord } from "./image-record.ts";
import { schedulerOf } from "./image-scheduler.ts";
import { type Job, stopIfInterrupted, taskFailed } from "./job.ts";
import { type ByRows, keepLatest } from "./keep-latest.ts";
import { isAdapterDone } from "./run-folder.ts";
import { type ShrinkingBatch, shrinkingBatch, shrunkWarning } from "./shrinking-batch.ts";

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
  const studio = openStudio(job, batches.flat());
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
  readonly batches: ShrinkingBatch;
  readonly scheduler: Scheduler;
  readonly prompts: ImagePrompts;
  readonly adapters: ReadonlyMap<string, AdapterTask>;
  readonly fusion: ImageFusion;
};

function openStudio(job: Job, images: readonly ImageTask[]): Studio {
  const model = job.model.diffusion;
  const { parameters } = images[0]!;
  const { resolution, guidanceScale, guidanceInterval } = parameters;
  const fusion = imageFusion(job);
  const layout = fusion.layouts.unet;
  const options = { resolution, guidanceScale, guidanceInterval, layout };
  const samplers = keepLatest((rows) => createSampler(model, { rows, ...options }));
  const batches = shrinkingBatch(job.config.sampling.batchSize, (from, to) =>
    job.emit(shrunkWarning("sampling", from, to)),
  );
  return {
    samplers,
    batches,
    scheduler: schedulerOf(model, parameters),
    prompts: imagePrompts(job, fusion, images, samplers.release),
    adapters: new Map(job.plan.adapters.map((task) => [task.id, task])),
    fusion,
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

type Batch = {
  /** As the plan has it: what is computed. */
  readonly batch: readonly ImageTask[];
  /** What is missing of it: what is written. */
  readonly wanted: readonly ImageTask[];
  readonly journal: EventLog<FinishedImage>;
};

async function sampleBatch(job: Job, studio: Studio, { batch, wanted, journal }: Batch): Promise<void> {
  const ready = await readyRows(job, studio, { batch, wanted });
  // Prompts of many batches are encoded at once: that says nothing about how long images take.
  let started = performance.now();
  const made: FinishedImage[] = [];
  try {
    if (!ready.some(({ task }) => wanted.includes(task))) return;
    await studio.batches.run(ready, async (part) => {
      const asked = performance.now();
      const sampler = await studio.samplers.forRows(part.length);
      // Making a sampler says nothing about how long images take.
      started += performance.now() - asked;
      const rows = part.map(({ row }) => row);
      const latents = await sampler.denoise(rows, studio.scheduler, { signal: job.signal });
      for (const [index, { task }] of part.entries()) {
        if (!wanted.includes(task) || made.some(({ id }) => id === task.id)) continue;
        stopIfInterrupted(job);
        const image = await finishImage(job, studio, task, () => sampler.decode(latents[index]!));
        if (image === undefined) continue;
        await journal.append(image);
        made.push(image);
      }
    });
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
    const adapter = adapters.get(adapterId)!;
    if (!(await isAdapterDone(root, adapter.classFolder, adapterId))) missing.push(adapterTitle(adapter));
  }
  if (0 < missing.length) throw adapterMissing(task, missing);
}

async function samplingRow(job: Job, { prompts, fusion }: Studio, task: ImageTask): Promise<SamplingRow> {
  return {
    noise: startNoise(job.model.diffusion, task),
    ...(await prompts.embedsOf(task)),
    fusion: await fusion.packed("unet", task),
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
  const extra = (record.extra ?? []).map(({ sha256, weight }) => ({ id: sha256, weight }));
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
    adapters: [...record.adapters, ...extra].map(({ id, weight }) => ({ name: id.slice(0, 12), hash: id, weight })),
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
