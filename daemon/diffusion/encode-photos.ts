/** Photos to the distributions of their latents: the autoencoder's first half, run once a photo. */
import { float32 } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { createSession } from "../engine/runtime/session.ts";
import { fileWeights } from "../nn/weights.ts";
import type { DiffusionModel } from "./diffusion-model.ts";
import { encodeImage } from "./vae.ts";

/** A normal distribution of latents, before the scaling factor; both arrays [channels * side * side]. */
export type LatentDistribution = { readonly mean: Float32Array; readonly std: Float32Array };

/**
 * Encode photos one at a time.
 * @param photos each [3, resolution, resolution] in [-1, 1]
 * @throws the reason of `signal` when it is aborted between two photos
 */
export async function encodePhotos(
  model: DiffusionModel,
  photos: readonly Float32Array[],
  resolution: number,
  signal?: AbortSignal,
): Promise<LatentDistribution[]> {
  const shape = [1, 3, resolution, resolution];
  const { mean, logVariance } = encodeImage(fileWeights(model.vae.file), model.vae.config, input("image", shape));
  const session = await createSession({ mean, logVariance }, model.session);
  const distributions: LatentDistribution[] = [];
  try {
    for (const photo of photos) {
      signal?.throwIfAborted();
      const results = await session.run({ image: float32(photo, shape) });
      distributions.push({
        mean: results.mean!.data as Float32Array,
        std: standardDeviation(results.logVariance!.data as Float32Array),
      });
    }
    return distributions;
  } finally {
    await session.release();
  }
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
