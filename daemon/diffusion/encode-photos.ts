/** Photos to the distributions of their latents: the autoencoder's first half. */
import { float32 } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { createSession } from "../engine/runtime/session.ts";
import { fileWeights } from "../nn/weights.ts";
import type { DiffusionModel } from "./diffusion-model.ts";
import { encodeImage } from "./vae.ts";

/** A normal distribution of latents, before the scaling factor; both arrays [channels * side * side]. */
export type LatentDistribution = { readonly mean: Float32Array; readonly std: Float32Array };

/** A session for photos of one size; release it. */
export type PhotoEncoder = {
  /** @param photo [3, resolution, resolution] in [-1, 1] */
  readonly encode: (photo: Float32Array) => Promise<LatentDistribution>;
  readonly release: () => Promise<void>;
};

/** Build the session that encodes square photos of `resolution` pixels a side, one at a time. */
export async function createPhotoEncoder(model: DiffusionModel, resolution: number): Promise<PhotoEncoder> {
  const shape = [1, 3, resolution, resolution];
  const { mean, logVariance } = encodeImage(fileWeights(model.vae.file), model.vae.config, input("image", shape));
  const session = await createSession({ mean, logVariance }, model.session);
  return {
    encode: async (photo) => {
      const results = await session.run({ image: float32(photo, shape) });
      return {
        mean: results.mean!.data as Float32Array,
        std: standardDeviation(results.logVariance!.data as Float32Array),
      };
    },
    release: () => session.release(),
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
