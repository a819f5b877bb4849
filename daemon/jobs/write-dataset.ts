/** Ends a run: the files that describe its images, for ImageFolder readers and for people. */
import { loftVersion } from "../base/version.ts";
import type { SyntheticDataset, SyntheticImage } from "../data/synthetic-dataset.ts";
import { writeSyntheticFolder } from "../data/synthetic-folder.ts";
import type { AdapterTask, ImageTask } from "../pipeline/plan.ts";
import { type FinishedImage, readFinishedImages } from "./finished-images.ts";
import type { Job } from "./job.ts";

/** Describe every image of the plan that is made. @returns how many those are */
export async function writeDataset(job: Job, command: string): Promise<number> {
  const finished = await readFinishedImages(job.root);
  const adapters = new Map(job.plan.adapters.map((task) => [task.id, task]));
  const images = job.plan.images.flatMap((task) => {
    const file = finished.get(task.id);
    return file === undefined ? [] : [syntheticImage(task, file, adapters)];
  });
  if (0 < images.length) await writeSyntheticFolder(job.root, describe(job, images, command));
  return images.length;
}

function describe(
  { config, dataset, model, plan }: Job,
  images: readonly SyntheticImage[],
  command: string,
): SyntheticDataset {
  return {
    title: config.name,
    method: config.method,
    baseModel: { name: model.name, sha256: model.hash, license: model.license },
    license: "unknown",
    command,
    loftVersion,
    resolution: plan.images[0]!.parameters.resolution,
    classes: dataset.classes.map(({ className, outputFolder }) => ({ name: className, folder: outputFolder })),
    images,
  };
}

function syntheticImage(
  task: ImageTask,
  file: FinishedImage,
  adapters: ReadonlyMap<string, AdapterTask>,
): SyntheticImage {
  const { prompt, negativePrompt, parameters, fusion } = task;
  return {
    classFolder: task.classFolder,
    number: task.imageIndex + 1,
    sha256: file.sha256,
    prompt,
    negativePrompt,
    seed: parameters.seed,
    steps: parameters.steps,
    guidanceScale: parameters.guidanceScale,
    scheduler: parameters.scheduler,
    adapters: fusion.map(({ adapterId, weight }) => ({ id: adapterId, weight })),
    sourcePhotos: fusion.map(({ adapterId }) => adapters.get(adapterId)!.photo),
  };
}
