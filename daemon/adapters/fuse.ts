/** Fusing adapters: the weighted sum of their deltas, exactly, as one adapter of the summed rank. */
import { loftError } from "../base/errors.ts";
import type { AdapterModule, AdapterWeights } from "./adapter-weights.ts";

/** One adapter of a fusion, in one network, and its factor. */
export type FusionPart = { readonly adapter: AdapterWeights; readonly weight: number };

/** The rank of a fusion: in each module ranks add up, because deltas are summed and not their factors. */
export function fusedRank(parts: readonly FusionPart[]): number {
  const ranks = [...stacksOf(parts).values()].map(stackRank);
  return Math.max(0, ...ranks);
}

/**
 * sum_i w_i alpha_i / r_i B_i A_i as one adapter with alpha = rank in every module: the A stacked, the B side by side
 * and scaled. Ranks, alphas and modules may differ; where an adapter lacks a module it adds nothing.
 * @param rank rows left over are zero, so that fusions of different rank can share a batch
 * @throws LoftError "adapter-invalid" when a module has different sizes, "adapter-rank-mismatch" when a module needs
 *   more than `rank`
 */
export function fuseAdapters(parts: readonly FusionPart[], rank: number): AdapterWeights {
  const stacks = [...stacksOf(parts)].sort(([left], [right]) => (left < right ? -1 : 1));
  return { modules: stacks.map(([, stack]) => fuseModule(stack, rank)) };
}

type Stacked = { readonly module: AdapterModule; readonly weight: number };

/** What each module's fusion is made of, by module name. */
function stacksOf(parts: readonly FusionPart[]): ReadonlyMap<string, readonly Stacked[]> {
  const stacks = new Map<string, Stacked[]>();
  for (const { adapter, weight } of parts) {
    for (const module of adapter.modules) {
      const stack = stacks.get(module.name) ?? [];
      stack.push({ module, weight });
      stacks.set(module.name, stack);
    }
  }
  return stacks;
}

function stackRank(stack: readonly Stacked[]): number {
  return stack.reduce((sum, { module }) => sum + module.rank, 0);
}

function fuseModule(stack: readonly Stacked[], rank: number): AdapterModule {
  const { name, inFeatures, outFeatures, pointwise } = stack[0]!.module;
  if (rank < stackRank(stack)) throw tooSmall(stack, rank);
  const a = new Float32Array(rank * inFeatures);
  const b = new Float32Array(outFeatures * rank);
  let start = 0;
  for (const { module, weight } of stack) {
    if (module.inFeatures !== inFeatures || module.outFeatures !== outFeatures) throw otherSize(name);
    const factor = (weight * module.alpha) / module.rank;
    a.set(module.a, start * inFeatures);
    for (let row = 0; row < outFeatures; row += 1) {
      for (let column = 0; column < module.rank; column += 1) {
        b[row * rank + start + column] = factor * module.b[row * module.rank + column]!;
      }
    }
    start += module.rank;
  }
  const fused = { name, inFeatures, outFeatures, rank, alpha: rank, a, b };
  return pointwise === true ? { ...fused, pointwise } : fused;
}

function tooSmall(stack: readonly Stacked[], rank: number) {
  return loftError("adapter-rank-mismatch", {
    what: `Adapters of ranks ${stack.map(({ module }) => module.rank).join(" + ")} do not fit into rank ${rank}.`,
    fix: "Fuse fewer adapters, or adapters of smaller rank.",
  });
}

function otherSize(name: string) {
  return loftError("adapter-invalid", {
    what: `The adapters to fuse belong to different models: ${name} has different sizes.`,
    fix: "Fuse adapters that were trained on one model.",
  });
}
