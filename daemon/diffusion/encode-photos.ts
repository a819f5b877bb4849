/** Photos to the distributions of their latents: the autoencoder's first half. */
import type { Value } from "../engine/graph/value.ts";
import { fileWeights } from "../nn/weights.ts";
import type { DiffusionModel } from "./diffusion-model.ts";
import { encodeImage } from "./vae.ts";
import { createVaeSession } from "./vae-session.ts";
import { vaeTiles } from "./vae-tiling.ts";

/** A normal distribution of latents, before the scaling factor; both arrays [channels * side * side]. */
export type LatentDistribution = { readonly mean: Float32Array; readonly std: Float32Array };

/** A session for photos of one size; release it. */
export type PhotoEncoder = {
  /** @param photo [3, resolution, resolution] in [-1, 1] */
  readonly encode: (photo: Float32Array) => Promise<LatentDistribution>;
  readonly release: () => Promise<void>;
};

/** Build the session that encodes square photos of `resolution` pixels a side, one at a time; large ones in tiles. */
export async function createPhotoEncoder(
  model: DiffusionModel,
  resolution: number,
  tiles = vaeTiles(model.vae.config, resolution),
): Promise<PhotoEncoder> {
  const { config, file } = model.vae;
  const half = {
    shape: [3, resolution, resolution] as const,
    build: (image: Value) => ({ ...encodeImage(fileWeights(file), config, image) }),
    tiles: tiles && { cut: tiles.pixels, joined: tiles.latents },
  };
  const session = await createVaeSession(half, model.session);
  return {
    encode: async (photo) => {
      const moments = await session.run(photo);
      const size = moments.length / 2;
      return { mean: moments.slice(0, size), std: standardDeviation(moments.subarray(size)) };
    },
    release: session.release,
  };
}

/** exp(logVariance / 2), with logVariance limited to [-30, 20] as diffusers limits it. */
function standardDeviation(logVariance: Float32Array): Float32Array {
  return logVariance.map((value) => Math.exp(Math.min(20, Math.max(-30, value)) / 2));
}

/** (mean + std * noise) * scalingFactor: one draw of latents. */
export function drawLatents(
  { mean, std }: LatentDistribution,
  noise: Float32Array,
  scalingFactor: number,
): Float32Array {
  return mean.map((value, index) => (value + std[index]! * noise[index]!) * scalingFactor);
}
