/** Latents to pictures: the autoencoder's second half. */
import type { Value } from "../engine/graph/value.ts";
import { fileWeights } from "../nn/weights.ts";
import { type DiffusionModel, latentShape } from "./diffusion-model.ts";
import { decodeLatents } from "./vae.ts";
import { createVaeSession } from "./vae-session.ts";
import { vaeTiles } from "./vae-tiling.ts";

/** A session for pictures of one size; release it. */
export type LatentDecoder = {
  /**
   * @param latents [channels, side, side], with the scaling factor
   * @returns [3, resolution, resolution] in about [-1, 1], not clamped
   */
  readonly decode: (latents: Float32Array) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
};

/** Build the session that decodes square pictures of `resolution` pixels a side, one at a time; large ones in tiles. */
export async function createLatentDecoder(
  model: DiffusionModel,
  resolution: number,
  tiles = vaeTiles(model.vae.config, resolution),
): Promise<LatentDecoder> {
  const { config, file } = model.vae;
  const half = {
    shape: latentShape(model, resolution) as [number, number, number],
    build: (latents: Value) => ({ picture: decodeLatents(fileWeights(file), config, latents) }),
    tiles: tiles && { cut: tiles.latents, joined: tiles.pixels },
  };
  const session = await createVaeSession(half, model.session);
  return {
    decode: (latents) => session.run(latents.map((value) => value / config.scalingFactor)),
    release: session.release,
  };
}
