/** An adapter in host memory: low-rank pairs by network and module. Rank and alpha belong to each pair. */

/** The networks of a Stable Diffusion model that adapters attach to. */
export const adapterNetworks = ["unet", "textEncoder"] as const;

export type AdapterNetwork = (typeof adapterNetworks)[number];

/**
 * One adapted layer: a [rank, inFeatures], b [outFeatures, rank], row-major; delta = alpha / rank * b a.
 * Names are those of the network's checkpoint; in the text encoder without a leading `text_model.`.
 */
export type AdapterModule = {
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly rank: number;
  readonly alpha: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
  /** The layer is a 1x1 convolution, and files store its matrices with two more axes of 1. */
  readonly pointwise?: true;
};

/** The pairs of one network, sorted by module name. */
export type AdapterWeights = { readonly modules: readonly AdapterModule[] };

/** A whole adapter; a network it leaves alone has no modules. */
export type Adapter = Readonly<Record<AdapterNetwork, AdapterWeights>>;

/** An adapter of the UNet alone. */
export function unetAdapter(unet: AdapterWeights): Adapter {
  return { unet, textEncoder: { modules: [] } };
}
