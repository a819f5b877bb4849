/** What adapters are trained with: each task's photo and prompt, encoded as the trainer takes them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { readError } from "../base/file-errors.ts";
import { sha256 } from "../base/hash.ts";
import { encodePng, readPhotoSquare } from "../data/image-file.ts";
import { toTensor } from "../data/picture.ts";
import { createPhotoEncoder, type LatentDistribution } from "../diffusion/encode-photos.ts";
import { encodePrompts } from "../diffusion/encode-prompts.ts";
import type { AdapterTask } from "../pipeline/plan.ts";
import type { TrainingRow } from "../training/trainer.ts";
import { type Job, stopIfInterrupted, taskFailed } from "./job.ts";
import { inRun, photoFile } from "./run-folder.ts";

/** By task id. */
export type TrainingRows = ReadonlyMap<string, TrainingRow>;

/**
 * Read and encode photos and prompts of some tasks, all of one resolution. Tasks whose photo cannot be used have failed
 * and are left out.
 * @throws LoftError "interrupted"; without `keepGoing` also what is wrong with a photo
 */
export async function prepareTrainingRows(job: Job, tasks: readonly AdapterTask[]): Promise<TrainingRows> {
  const latents = await encodeTaskPhotos(job, tasks);
  const usable = tasks.filter(({ id }) => latents.has(id));
  if (usable.length === 0) return new Map();
  const prompts = usable.map(({ prompt }) => prompt);
  const embeds = await encodePrompts(job.model.diffusion, prompts, job.signal);
  return new Map(usable.map((task) => [task.id, trainingRow(task, latents.get(task.id)!, embeds.get(task.prompt)!)]));
}

function trainingRow(
  { parameters, photo }: AdapterTask,
  latents: LatentDistribution,
  promptEmbeds: Float32Array,
): TrainingRow {
  return { stream: [parameters.seed, "adapter", photo.sha256], photo: latents, promptEmbeds };
}

/** One photo at a time, since pixels take many times the room of latents. */
async function encodeTaskPhotos(
  job: Job,
  tasks: readonly AdapterTask[],
): Promise<ReadonlyMap<string, LatentDistribution>> {
  const latents = new Map<string, LatentDistribution>();
  const encoder = await createPhotoEncoder(job.model.diffusion, tasks[0]!.parameters.resolution);
  try {
    for (const task of tasks) {
      stopIfInterrupted(job);
      const photo = await usablePhoto(job, task);
      if (photo !== undefined) latents.set(task.id, await encoder.encode(photo));
    }
    return latents;
  } finally {
    await encoder.release();
  }
}

/** The photo as the autoencoder takes it; undefined when it failed and others may go on. */
async function usablePhoto(job: Job, task: AdapterTask): Promise<Float32Array | undefined> {
  try {
    return await preparePhoto(job, task);
  } catch (error) {
    taskFailed(job, [task.id], error);
    return undefined;
  }
}

/**
 * Read a photo, and keep a copy as the model sees it in the run folder.
 * @throws LoftError "file-vanished", also when it is not the photo that was planned with; "image-unreadable"
 */
async function preparePhoto(
  { root, dataFolder }: Job,
  { classFolder, photo, parameters }: AdapterTask,
): Promise<Float32Array> {
  const file = join(dataFolder, ...photo.path.split("/"));
  await checkPhoto(file, photo.sha256);
  const square = await readPhotoSquare(file, parameters.resolution);
  await writeFileAtomic(inRun(root, photoFile(classFolder, photo.sha256)), await encodePng(square));
  return toTensor(square).values;
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
