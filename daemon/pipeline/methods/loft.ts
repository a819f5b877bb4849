/** LoFT (Kim et al., arXiv 2505.11703): one adapter per real photo; each image fuses adapters of its class. */
import { randomStream } from "../../base/random.ts";
import type { FusionWeights, ResolvedConfig } from "../../config/resolve.ts";
import {
  type AdapterTask,
  adapterTask,
  classExamples,
  type FusedAdapter,
  type ImageTask,
  imageTasks,
  type PlanContext,
} from "../plan.ts";
import { dirichletWeights, fixedWeights } from "./adapter-weights.ts";
import { fusionGroups } from "./fusion-groups.ts";
import type { Method } from "./method.ts";

export const loft: Method = {
  id: "loft",
  title: "LoFT: one adapter per real photo, fused in groups for each image (arXiv 2505.11703)",
  summary:
    "one low-rank adapter of the base model is trained per photo, and each image is sampled with a fused set of adapters of its class",
  planAdapters: (context) =>
    context.dataset.classes.flatMap((each) =>
      classExamples(context, each).map((example) => adapterTask(context, [example])),
    ),
  planImages: (context, adapters) => {
    const ofClass = byClass(adapters);
    return context.dataset.classes.flatMap(({ className }, classIndex) =>
      planClassImages(context, classIndex, ofClass.get(className) ?? []),
    );
  },
};

/**
 * The images of one class. Every random choice has a stream of its own, named by seed, class and image:
 * more images, or other classes, change none of the earlier ones.
 */
function planClassImages(
  context: PlanContext,
  classIndex: number,
  adapters: readonly AdapterTask[],
): readonly ImageTask[] {
  const { seed, sampling, fusion } = context.config;
  // By content, so that renaming photos changes nothing.
  const own = [...adapters].sort((left, right) => (photoOf(left) < photoOf(right) ? -1 : 1));
  const className = own[0]?.className ?? "";
  const size = Math.min(fusion.adaptersPerImage, own.length);
  const groups = fusionGroups(own.length, size, sampling.imagesPerClass, randomStream(seed, "pairs", className));
  const imageOf = imageTasks(context, classIndex);
  return groups.map((group, imageIndex) => {
    const weights = weightsOf(context.config, group.length, className, imageIndex);
    const fused = group.map((member, place): FusedAdapter => {
      return { adapterId: (own[member] as AdapterTask).id, weight: weights[place] as number };
    });
    return imageOf(imageIndex, { fusion: fused });
  });
}

function photoOf({ examples }: AdapterTask): string {
  return examples[0]?.photo.sha256 ?? "";
}

/** The weights of one image's adapters, in the order of its group; they sum to 1 unless the user's fixed ones do not. */
function weightsOf(config: ResolvedConfig, size: number, className: string, imageIndex: number): readonly number[] {
  const weights: FusionWeights = config.fusion.weights;
  if (size === 1 && 1 < config.fusion.adaptersPerImage) return [1];
  if (weights.kind === "fixed") return fixedWeights(weights.values, size);
  const alpha = weights.kind === "uniform" ? 1 : weights.alpha;
  return dirichletWeights(size, alpha, randomStream(config.seed, "weights", className, imageIndex));
}

function byClass(adapters: readonly AdapterTask[]): ReadonlyMap<string, readonly AdapterTask[]> {
  const groups = new Map<string, AdapterTask[]>();
  for (const adapter of adapters) {
    const group = groups.get(adapter.className) ?? [];
    groups.set(adapter.className, group);
    group.push(adapter);
  }
  return groups;
}
