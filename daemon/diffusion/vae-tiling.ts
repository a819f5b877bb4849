/** Whether the autoencoder works in tiles, and how large they are: decided by model and size alone, never by the machine. */
import type { VaeConfig } from "./configs/vae-config.ts";
import { vaeStride } from "./configs/vae-config.ts";

/** Tiles of a picture and of its latents, sides in pixels of each. */
export type VaeTiles = { readonly latents: number; readonly pixels: number };

/**
 * Activations that the autoencoder may take at once. Stable Diffusion's stays whole up to 896 pixels a side. Pictures
 * depend on it: another value makes other pictures of sizes between the old and the new.
 */
const largestActivationBytes = 2.5 * 2 ** 30;

/** The tiles for square pictures of `resolution` pixels a side; undefined where they are computed whole. */
export function vaeTiles(config: VaeConfig, resolution: number): VaeTiles | undefined {
  const tiles = tilesOf(config);
  const isLarge = largestActivationBytes < wholeActivationBytes(config, resolution);
  return isLarge && tiles.pixels < resolution ? tiles : undefined;
}

/** As large as the pictures that the autoencoder was trained on (`tile_sample_min_size` of diffusers), in whole quarters. */
export function tilesOf(config: VaeConfig): VaeTiles {
  const stride = vaeStride(config);
  const latents = Math.max(4, 4 * Math.floor(config.sampleSize / stride / 4));
  return { latents, pixels: latents * stride };
}

/** Three of the decoder's widest activations, or the mid block's attention map and the scores it is made from. */
function wholeActivationBytes(config: VaeConfig, resolution: number): number {
  const { blockOutChannels: channels, midBlockAddAttention } = config;
  const widest = 4 * resolution ** 2 * (channels[1] ?? channels[0]!);
  const map = midBlockAddAttention ? 4 * (resolution / vaeStride(config)) ** 4 : 0;
  return Math.max(3 * widest, 2 * map);
}
