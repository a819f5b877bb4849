/** The fusion of each image, packed as the networks take it. */
import type { Adapter, AdapterNetwork } from "../adapters/adapter-weights.ts";
import { fuseAdapters } from "../adapters/fuse.ts";
import { packedFromLora } from "../adapters/lora.ts";
import type { AdapterTask, ImageTask } from "../pipeline/plan.ts";
import { type FusionLayouts, fusionLayouts } from "./adapter-layouts.ts";
import type { Job } from "./job.ts";
import { readTrainedAdapter } from "./trained-adapter.ts";

/** An adapter of an image, and its factor. */
export type AdapterShare = { readonly adapter: Adapter; readonly weight: number };

/** The part of an image's adapters in one network, packed; undefined where no image has one. */
export function packFusion(
  layouts: FusionLayouts,
  network: AdapterNetwork,
  shares: readonly AdapterShare[],
): Float32Array | undefined {
  const layout = layouts[network];
  if (layout === undefined) return undefined;
  const parts = shares.map(({ adapter, weight }) => ({ adapter: adapter[network], weight }));
  return packedFromLora(layout, fuseAdapters(parts, layout.rank));
}

/** The fusions of a run's images. */
export type ImageFusion = {
  readonly layouts: FusionLayouts;
  /** What `packFusion` makes of an image. Rejects as `readTrainedAdapter`. */
  readonly packed: (network: AdapterNetwork, task: ImageTask) => Promise<Float32Array | undefined>;
};

/** Get ready to fuse for the images of a job: its adapters are read when an image needs them. */
export function imageFusion(job: Job): ImageFusion {
  const layouts = imageLayouts(job);
  const load = adapterLoader(job);
  const sharesOf = async ({ fusion }: ImageTask) => {
    const shares: AdapterShare[] = [];
    for (const { adapterId, weight } of fusion) shares.push({ adapter: await load(adapterId), weight });
    return [...shares, ...job.extra];
  };
  return { layouts, packed: async (network, task) => packFusion(layouts, network, await sharesOf(task)) };
}

/** Room for the largest fusion of a plan's images. */
export function imageLayouts({ plan, model, extra }: Pick<Job, "plan" | "model" | "extra">): FusionLayouts {
  const parameters = plan.adapters[0]?.parameters;
  return fusionLayouts(model.diffusion, {
    targetModules: parameters?.targetModules ?? [],
    textEncoder: parameters?.textEncoder ?? false,
    rank: (parameters?.rank ?? 0) * largestFusion(plan.images),
    extra: extra.map(({ adapter }) => adapter),
  });
}

/** The most adapters that one image fuses. */
export function largestFusion(images: readonly Pick<ImageTask, "fusion">[]): number {
  return images.reduce((most, { fusion }) => Math.max(most, fusion.length), 0);
}

/** Adapters in memory at once; an adapter is some hundred kilobytes to a few megabytes. */
const adaptersKept = 128;

/** Reads adapters by task id and keeps the latest. */
function adapterLoader({ root, plan }: Job): (id: string) => Promise<Adapter> {
  const tasks = new Map(plan.adapters.map((task): [string, AdapterTask] => [task.id, task]));
  const kept = new Map<string, Adapter>();
  return async (id) => {
    const adapter = kept.get(id) ?? (await readTrainedAdapter(root, tasks.get(id)!));
    kept.delete(id);
    kept.set(id, adapter);
    if (adaptersKept < kept.size) kept.delete(kept.keys().next().value!);
    return adapter;
  };
}
