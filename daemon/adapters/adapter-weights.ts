/** An adapter in host memory: low-rank pairs by module name. */

/** One adapted linear layer: a [rank, inFeatures], b [outFeatures, rank], row-major; delta = alpha / rank * b a. */
export type AdapterModule = {
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
};

/** All pairs of one adapter, sorted by module name. */
export type AdapterWeights = {
  readonly rank: number;
  readonly alpha: number;
  readonly modules: readonly AdapterModule[];
};
