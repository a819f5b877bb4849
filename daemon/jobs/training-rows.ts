/** What adapters are trained with: each task's photos and prompts, encoded as the trainer takes them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { readError } from "../base/file-errors.ts";
import { sha256 } from "../base/hash.ts";
import { encodePng, readPicture } from "../data/image-file.ts";
import { type Picture, toTensor } from "../data/picture.ts";
import { cropRange, resizeAndCenterCrop, resizeAndCrop } from "../data/resample.ts";
import { createPhotoEncoder, type LatentDistribution, type PhotoEncoder } from "../diffusion/encode-photos.ts";
import { encodePrompts } from "../diffusion/encode-prompts.ts";
import { type AdapterExample, type AdapterTask, adapterStream } from "../pipeline/plan.ts";
import type { TrainingExample, TrainingRow } from "../training/trainer.ts";
import { cropOffsets } from "./crop-offsets.ts";
import { type Job, stopIfInterrupted, taskFailed } from "./job.ts";
import { inRun, photoFile } from "./run-folder.ts";

/** By task id. */
export type TrainingRows = ReadonlyMap<string, TrainingRow>;

/** The latents of each example's crops. */
type EncodedPhotos = readonly (readonly LatentDistribution[])[];

/**
 * Read and encode photos and prompts of some tasks, all of one resolution. Tasks with a photo that cannot be used have
 * failed and are left out.
 * @throws LoftError "interrupted"; without `keepGoing` also what is wrong with a photo
 */
export async function prepareTrainingRows(job: Job, tasks: readonly AdapterTask[]): Promise<TrainingRows> {
  const photos = await encodeTaskPhotos(job, tasks);
  const usable = tasks.filter(({ id }) => photos.has(id));
  if (usable.length === 0) return new Map();
  const exampleOf = await exampleMaker(job, usable);
  const rowOf = (task: AdapterTask): TrainingRow => ({
    stream: adapterStream(task),
    examples: task.examples.map((example, index) => exampleOf(task, example, photos.get(task.id)![index]!)),
  });
  return new Map(usable.map((task) => [task.id, rowOf(task)]));
}

/** Prompts as embeds, or as tokens where the text encoder is trained and embeds would be in vain. */
async function exampleMaker({ model, signal }: Job, tasks: readonly AdapterTask[]) {
  const encoded = tasks.filter(({ parameters }) => !parameters.textEncoder);
  const prompts = encoded.flatMap(({ examples }) => examples.map(({ prompt }) => prompt));
  const embeds = prompts.length === 0 ? undefined : await encodePrompts(model.diffusion, prompts, signal);
  const { tokenizer } = model.diffusion;
  return (
    { parameters }: AdapterTask,
    { prompt }: AdapterExample,
    crops: readonly LatentDistribution[],
  ): TrainingExample => ({
    crops,
    promptEmbeds: parameters.textEncoder ? new Float32Array() : embeds!.get(prompt)!,
    tokenIds: BigInt64Array.from(tokenizer.encode(prompt), BigInt),
  });
}

/** One photo at a time, since pixels take many times the room of latents. */
async function encodeTaskPhotos(job: Job, tasks: readonly AdapterTask[]): Promise<ReadonlyMap<string, EncodedPhotos>> {
  const encoded = new Map<string, EncodedPhotos>();
  const encoder = await createPhotoEncoder(job.model.diffusion, tasks[0]!.parameters.resolution);
  try {
    for (const task of tasks) {
      try {
        encoded.set(task.id, await encodeExamples(job, task, encoder));
      } catch (error) {
        taskFailed(job, [task.id], error);
      }
    }
    return encoded;
  } finally {
    await encoder.release();
  }
}

async function encodeExamples(job: Job, { parameters, examples }: AdapterTask, encoder: PhotoEncoder) {
  const photos: LatentDistribution[][] = [];
  for (const example of examples) {
    stopIfInterrupted(job);
    const picture = await preparePhoto(job, example, parameters.resolution);
    const crops: LatentDistribution[] = [];
    for (const square of squaresOf(picture, example, parameters))
      crops.push(await encoder.encode(toTensor(square).values));
    photos.push(crops);
  }
  return photos;
}

/** The squares of a photo that are trained on. */
function squaresOf(
  picture: Picture,
  { photo }: AdapterExample,
  { crop, resolution }: AdapterTask["parameters"],
): readonly Picture[] {
  if (crop === "center") return [resizeAndCenterCrop(picture, resolution)];
  const offsets = cropOffsets(photo.sha256, cropRange(picture, resolution));
  return offsets.map((offset) => resizeAndCrop(picture, resolution, offset));
}

/**
 * Read a photo, and keep a copy of its center as the model sees it in the run folder.
 * @throws LoftError "file-vanished", also when it is not the photo that was planned with; "image-unreadable"
 */
async function preparePhoto(
  { root, dataFolder }: Job,
  { classFolder, photo }: AdapterExample,
  resolution: number,
): Promise<Picture> {
  const file = join(dataFolder, ...photo.path.split("/"));
  await checkPhoto(file, photo.sha256);
  const picture = await readPicture(file);
  const center = resizeAndCenterCrop(picture, resolution);
  await writeFileAtomic(inRun(root, photoFile(classFolder, photo.sha256)), await encodePng(center));
  return picture;
}

async function checkPhoto(file: string, expected: string): Promise<void> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw readError(error, file);
  });
  if (sha256(bytes) === expected) return;
  throw loftError("file-vanished", {
    what: `${file} was replaced by another picture after this run was planned.`,
    fix: "Run the same command again: it plans with the new one, and finished work is kept.",
  });
}
