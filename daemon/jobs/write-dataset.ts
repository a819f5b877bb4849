/** Ends a run: the files that describe its images, for ImageFolder readers and for people. */
import { counted } from "../base/counted.ts";
import { loftVersion } from "../base/version.ts";
import type { SyntheticDataset, SyntheticImage } from "../data/synthetic-dataset.ts";
import { writeSyntheticFolder } from "../data/synthetic-folder.ts";
import type { Photo } from "../pipeline/dataset.ts";
import { methods } from "../pipeline/methods/methods.ts";
import type { AdapterTask, ImageTask, Plan } from "../pipeline/plan.ts";
import { type FinishedImage, isImageDone, readFinishedImages } from "./finished-images.ts";
import type { Job } from "./job.ts";
import { runPaths } from "./run-folder.ts";
import { setAsideOthers } from "./set-aside.ts";

/**
 * Describe every image that is made, also those of classes that this start left out, and set others aside.
 * @returns how many are described
 */
export async function writeDataset(job: Job, command: string): Promise<number> {
  const { root, wholePlan } = job;
  const finished = await readFinishedImages(root);
  const adapters = new Map(wholePlan.adapters.map((task) => [task.id, task]));
  const images: SyntheticImage[] = [];
  const files = new Set<string>();
  for (const task of wholePlan.images) {
    if (!(await isImageDone(root, finished, task.id))) continue;
    const file = finished.get(task.id)!;
    images.push(syntheticImage(task, file, adapters));
    files.add(file.file);
  }
  if (images.length === 0) return 0;
  tellSetAside(job, await setAsideOthers(root, files));
  await writeSyntheticFolder(root, describe(job, images, command));
  return images.length;
}

function tellSetAside({ emit }: Job, count: number): void {
  if (count === 0) return;
  emit({
    type: "warning",
    what: `${counted(count, "image")} of an earlier configuration ${count === 1 ? "was" : "were"} moved out of the dataset, to ${runPaths.setAside}.`,
    fix: "Look there for what you still need; LoFT does not use it again.",
  });
}

function describe(
  { config, dataset, model, wholePlan }: Job,
  images: readonly SyntheticImage[],
  command: string,
): SyntheticDataset {
  return {
    title: config.name,
    method: config.method,
    summary: methods[config.method].summary,
    baseModel: { name: model.name, sha256: model.hash, license: model.license },
    license: "unknown",
    command,
    loftVersion,
    resolution: wholePlan.images[0]!.parameters.resolution,
    classes: dataset.classes.map(({ className, outputFolder }) => ({ name: className, folder: outputFolder })),
    images,
    adapterPhotos: adapterPhotos(wholePlan, images),
  };
}

function syntheticImage(
  task: ImageTask,
  file: FinishedImage,
  adapters: ReadonlyMap<string, AdapterTask>,
): SyntheticImage {
  const { prompt, negativePrompt, parameters, fusion, extra = [] } = task;
  const uses = [...fusion, ...extra.map(({ sha256, weight }) => ({ adapterId: sha256, weight }))];
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
    adapters: uses.map(({ adapterId, weight }) => ({ id: adapterId, weight })),
    sourcePhotos: fusion.flatMap(({ adapterId }) => onlyPhoto(adapters.get(adapterId)!)),
  };
}

function onlyPhoto({ examples }: AdapterTask): readonly Photo[] {
  return 1 < examples.length ? [] : examples.map(({ photo }) => photo);
}

/** The photos of adapters that have several, once for all images. */
function adapterPhotos(plan: Plan, images: readonly SyntheticImage[]): SyntheticDataset["adapterPhotos"] {
  const used = new Set(images.flatMap(({ adapters }) => adapters.map(({ id }) => id)));
  const several = plan.adapters.filter(({ id, examples }) => used.has(id) && 1 < examples.length);
  const photosOf = ({ examples }: AdapterTask) =>
    examples.map(({ photo, classFolder }) => ({ path: photo.path, sha256: photo.sha256, classFolder }));
  return Object.fromEntries(several.map((task) => [task.id, photosOf(task)]));
}
