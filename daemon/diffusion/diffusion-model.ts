/** A diffusion model read from its folder: configs, and where the weights lie. No weights are loaded here. */

import { loftError } from "../base/errors.ts";
import { readModelFolder } from "../checkpoint/diffusers-folder.ts";
import { readWeightFiles, type WeightFiles } from "../checkpoint/weight-files.ts";
import { withCurrentNames } from "../checkpoint/weight-names.ts";
import { type Shape, sizeOf } from "../engine/graph/shape.ts";
import type { SessionOptions } from "../engine/runtime/session.ts";
import { readSchedulerConfig, type SchedulerConfig } from "./configs/scheduler-config.ts";
import { readTextEncoderConfig, type TextEncoderConfig } from "./configs/text-encoder-config.ts";
import { readUNetConfig, type UNetConfig } from "./configs/unet-config.ts";
import { readVaeConfig, type VaeConfig, vaeStride } from "./configs/vae-config.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";

export type Network<Config> = { readonly config: Config; readonly file: WeightFiles };

export type DiffusionModel = {
  readonly folder: string;
  readonly unet: Network<UNetConfig>;
  readonly vae: Network<VaeConfig>;
  readonly textEncoder: Network<TextEncoderConfig>;
  readonly tokenizer: Tokenizer;
  readonly scheduler: SchedulerConfig;
  /** How sessions of this model are made: device and threads. */
  readonly session: SessionOptions;
};

/**
 * Read a model folder in diffusers layout.
 * @throws LoftError "model-missing", "model-config-invalid", "model-config-unsupported", "safetensors-invalid"
 */
export async function loadDiffusionModel(folder: string, session: SessionOptions): Promise<DiffusionModel> {
  const files = await readModelFolder(folder);
  return {
    folder,
    unet: { config: readUNetConfig(files.unet.config), file: await readWeightFiles(files.unet.weights) },
    vae: {
      config: readVaeConfig(files.vae.config),
      file: withCurrentNames(await readWeightFiles(files.vae.weights)),
    },
    textEncoder: {
      config: readTextEncoderConfig(files.textEncoder.config),
      file: await readWeightFiles(files.textEncoder.weights),
    },
    tokenizer: await loadTokenizer(files.tokenizer),
    scheduler: readSchedulerConfig(files.scheduler),
    session,
  };
}

/** The side length in pixels the model was trained for. */
export function nativeResolution({ unet, vae }: DiffusionModel): number {
  return (unet.config.sampleSize ?? 64) * vaeStride(vae.config);
}

/**
 * Latents of one square picture: [channels, side, side].
 * @throws LoftError "model-config-unsupported" when the autoencoder does not divide `resolution`
 */
export function latentShape({ unet, vae }: DiffusionModel, resolution: number): Shape {
  const stride = vaeStride(vae.config);
  if (resolution % stride !== 0) {
    throw loftError("model-config-unsupported", {
      what: `This model's pictures have sides that ${stride} divides; ${resolution} was asked for.`,
      fix: `Set "resolution" to ${Math.max(stride, Math.round(resolution / stride) * stride)}.`,
    });
  }
  return [unet.config.inChannels, resolution / stride, resolution / stride];
}

/** Numbers in the latents of one picture. */
export function latentSize(model: DiffusionModel, resolution: number): number {
  return sizeOf(latentShape(model, resolution));
}
