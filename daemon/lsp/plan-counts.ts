/** How many adapters and images a configuration plans, from the numbers of photos alone: the method's own answer. */
import type { ResolvedConfig } from "../config/resolve.ts";
import type { Dataset } from "../pipeline/dataset.ts";
import { methods } from "../pipeline/methods/methods.ts";
import type { Analysis } from "./analysis.ts";
import { classesWithPhotos, type KnownFacts } from "./known-facts.ts";

export type PlanCounts = {
  readonly classes: number;
  /** Those that are used. */
  readonly photos: number;
  readonly adapters: number;
  readonly images: number;
};

/**
 * The counts of a document without errors whose folder of photos is known; undefined otherwise. Photos that are copies
 * of each other count as different ones: the exact plan comes with its cost.
 */
export function planCounts({ resolution }: Analysis, known: KnownFacts): PlanCounts | undefined {
  const folders = classesWithPhotos(known);
  if (resolution === undefined || folders.length === 0) return undefined;
  const { config } = resolution;
  const classes = folders.length;
  const photos = folders.reduce(
    (sum, { photoCount }) => sum + Math.min(photoCount, config.data.shots ?? photoCount),
    0,
  );
  return {
    classes,
    photos,
    adapters: adapterCount(config, classes, photos),
    images: classes * config.sampling.imagesPerClass,
  };
}

/**
 * A method makes so many adapters per photo, per class and per dataset: three small plans tell how many. A plan of the
 * real size would take too long to be made while somebody types.
 */
function adapterCount(config: ResolvedConfig, classes: number, photos: number): number {
  const single = plannedAdapters(config, [1]);
  const perPhoto = plannedAdapters(config, [2]) - single;
  const perClass = plannedAdapters(config, [1, 1]) - single - perPhoto;
  return single + perPhoto * (photos - 1) + perClass * (classes - 1);
}

/** The number of adapters for classes of so many photos each. Which photos, and which model, plays no part in it. */
function plannedAdapters(config: ResolvedConfig, photoCounts: readonly number[]): number {
  const classes = photoCounts.map((count, index) => {
    const name = `class ${index}`;
    const photos = Array.from({ length: count }, (_, photo) => ({
      path: `${name}/${photo}`,
      sha256: `${index} ${photo}`,
    }));
    return { className: name, folder: name, outputFolder: name, photos };
  });
  const dataset: Dataset = { classes, warnings: [] };
  const model = { hash: "", resolution: config.training.resolution ?? 512 };
  return methods[config.method].planAdapters({ config, dataset, model }).length;
}
