/** Fusing adapters: the weighted sum of their deltas, exactly, as one adapter of the summed rank. */
import { loftError } from "../base/errors.ts";
import type { AdapterModule, AdapterWeights } from "./adapter-weights.ts";

/** One adapter of a fusion and its factor. */
export type FusionPart = { readonly adapter: AdapterWeights; readonly weight: number };

/** The rank of a fusion: ranks add up, because deltas are summed and not their factors. */
export function fusedRank(parts: readonly FusionPart[]): number {
  return parts.reduce((sum, { adapter }) => sum + adapter.rank, 0);
}

/**
 * sum_i w_i alpha_i / r_i B_i A_i as one adapter with alpha = rank: the A stacked, the B side by side and scaled.
 * @param rank rows left over are zero, so that fusions of different rank can share a batch
 * @throws LoftError "adapter-invalid" when the adapters attach to different modules, "adapter-rank-mismatch" when they
 *   need more than `rank`
 */
export function fuseAdapters(parts: readonly FusionPart[], rank: number): AdapterWeights {
  if (rank < fusedRank(parts)) {
    throw loftError("adapter-rank-mismatch", {
      what: `Adapters of ranks ${parts.map(({ adapter }) => adapter.rank).join(" + ")} do not fit into rank ${rank}.`,
      fix: "Fuse fewer adapters, or adapters of smaller rank.",
    });
  }
  const modules = parts[0]!.adapter.modules.map((module, index) => {
    const stack = parts.map(({ adapter, weight }) => ({
      module: sameModule(adapter.modules[index], module),
      rank: adapter.rank,
      factor: (weight * adapter.alpha) / adapter.rank,
    }));
    return fuseModule(module, stack, rank);
  });
  return { rank, alpha: rank, modules };
}

type Stacked = { readonly module: AdapterModule; readonly rank: number; readonly factor: number };

function fuseModule(
  { name, inFeatures, outFeatures }: AdapterModule,
  stack: readonly Stacked[],
  rank: number,
): AdapterModule {
  const a = new Float32Array(rank * inFeatures);
  const b = new Float32Array(outFeatures * rank);
  let start = 0;
  for (const part of stack) {
    a.set(part.module.a, start * inFeatures);
    for (let row = 0; row < outFeatures; row += 1) {
      for (let column = 0; column < part.rank; column += 1) {
        b[row * rank + start + column] = part.factor * part.module.b[row * part.rank + column]!;
      }
    }
    start += part.rank;
  }
  return { name, inFeatures, outFeatures, a, b };
}

function sameModule(found: AdapterModule | undefined, wanted: AdapterModule): AdapterModule {
  const fits =
    found?.name === wanted.name && found.inFeatures === wanted.inFeatures && found.outFeatures === wanted.outFeatures;
  if (found !== undefined && fits) return found;
  throw loftError("adapter-invalid", {
    what: `The adapters to fuse attach to different modules: ${wanted.name} and ${found?.name ?? "none"}.`,
    fix: "Fuse adapters that were trained on one model with the same target modules.",
  });
}
