/** Where the numbers of adapters lie: the layouts of what is trained, and of what is fused for images. */
import type { Adapter, AdapterNetwork, AdapterWeights } from "../adapters/adapter-weights.ts";
import { type LoraLayout, loraLayout } from "../adapters/lora.ts";
import type { AdapterLayouts } from "../adapters/packed-adapter.ts";
import { findTargetModules, findTextTargetModules, moduleNamed, type TargetModule } from "../adapters/targets.ts";
import { loftError } from "../base/errors.ts";
import type { DiffusionModel } from "../diffusion/diffusion-model.ts";

/** The attention projections of the text encoder that adapters attach to, by the names of its checkpoint. */
export const textTargetModules: readonly string[] = ["q_proj", "k_proj", "v_proj", "out_proj"];

/** Which modules adapters of a run have. */
export type AdapterTargets = {
  /** Of the U-Net. */
  readonly targetModules: readonly string[];
  /** Whether the text encoder is adapted too. */
  readonly textEncoder: boolean;
};

/** The layouts of the networks that an adapter is trained in. */
export function adapterLayouts(
  model: DiffusionModel,
  { rank, targetModules, textEncoder }: AdapterTargets & { readonly rank: number },
): AdapterLayouts {
  const unet = loraLayout(rank, modulesOf(model, "unet", targetModules));
  return textEncoder
    ? { unet, textEncoder: loraLayout(rank, modulesOf(model, "textEncoder", textTargetModules)) }
    : { unet };
}

/** The layouts of fusions, by network; undefined where no adapter of any image has a part. */
export type FusionLayouts = Readonly<Record<AdapterNetwork, LoraLayout | undefined>>;

/** What is fused at most for one image. */
export type FusionRoom = AdapterTargets & {
  /** Sum of the ranks of an image's adapters of the run; 0 for none. */
  readonly rank: number;
  /** Adapters of other origin that every image has. */
  readonly extra: readonly Adapter[];
};

/**
 * Room for the largest fusion; smaller ones are filled up with zeros.
 * @throws LoftError "adapter-invalid" when the model lacks a module
 */
export function fusionLayouts(model: DiffusionModel, room: FusionRoom): FusionLayouts {
  const own = { unet: room.targetModules, textEncoder: room.textEncoder ? textTargetModules : [] };
  const layout = (network: AdapterNetwork) => {
    const targets = room.rank === 0 || own[network].length === 0 ? [] : modulesOf(model, network, own[network]);
    const extra = room.extra.map((adapter) => adapter[network]);
    const others = extra.flatMap(({ modules }) => modules.map(({ name }) => moduleOf(model, network, name)));
    if (targets.length + others.length === 0) return undefined;
    const rank = (targets.length === 0 ? 0 : room.rank) + extra.reduce((sum, part) => sum + largestRank(part), 0);
    return loraLayout(rank, eachOnce([...targets, ...others]));
  };
  return { unet: layout("unet"), textEncoder: layout("textEncoder") };
}

function modulesOf(
  model: DiffusionModel,
  network: AdapterNetwork,
  targets: readonly string[],
): readonly TargetModule[] {
  const { tensors } = model[network].file;
  return network === "unet" ? findTargetModules(tensors, targets) : findTextTargetModules(tensors, targets);
}

/** A module by its name, whatever targets would select. */
function moduleOf(model: DiffusionModel, network: AdapterNetwork, name: string): TargetModule {
  const module = moduleNamed(model[network].file.tensors, name);
  if (module !== undefined) return module;
  throw loftError("adapter-invalid", {
    what: `The model has no layer ${name} that an adapter attaches to.`,
    fix: "Use adapters that were trained on this base model.",
  });
}

/** Modules sorted by name, none of them twice. */
function eachOnce(modules: readonly TargetModule[]): readonly TargetModule[] {
  const byName = new Map(modules.map((module) => [module.name, module]));
  return [...byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

function largestRank({ modules }: AdapterWeights): number {
  return modules.reduce((largest, { rank }) => Math.max(largest, rank), 0);
}
