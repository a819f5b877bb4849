/** The config of diffusers' AutoencoderKL (0.42). Pure. */
import type { ConfigFile } from "../../checkpoint/diffusers-folder.ts";
import { configReader } from "./config-reader.ts";

export type VaeConfig = {
  /** Image side length the model was made for; other sizes work as well. */
  readonly sampleSize: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** Channels of each level, from the finest to the coarsest; each level but the last halves the size. */
  readonly blockOutChannels: readonly number[];
  /** Resnets of each encoder level; the decoder has one more. */
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
  /** Latents are the VAE's code times this. */
  readonly scalingFactor: number;
  readonly shiftFactor: null;
  readonly useQuantConv: boolean;
  readonly usePostQuantConv: boolean;
  readonly midBlockAddAttention: boolean;
};

/**
 * Read a VAE's config.json. Absent keys have diffusers' defaults.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readVaeConfig(file: ConfigFile): VaeConfig {
  const read = configReader(file);
  const config: VaeConfig = {
    sampleSize: read.count("sample_size", 32),
    inChannels: read.count("in_channels", 3),
    outChannels: read.count("out_channels", 3),
    latentChannels: read.count("latent_channels", 4),
    blockOutChannels: read.counts("block_out_channels", [64]),
    layersPerBlock: read.count("layers_per_block", 1),
    normNumGroups: read.count("norm_num_groups", 32),
    scalingFactor: read.number("scaling_factor", 0.18215, { above: 0 }),
    shiftFactor: null,
    useQuantConv: read.boolean("use_quant_conv", true),
    usePostQuantConv: read.boolean("use_post_quant_conv", true),
    midBlockAddAttention: read.boolean("mid_block_add_attention", true),
  };
  const levels = config.blockOutChannels.length;
  const down = read.choices("down_block_types", ["DownEncoderBlock2D"], ["DownEncoderBlock2D"]);
  const up = read.choices("up_block_types", ["UpDecoderBlock2D"], ["UpDecoderBlock2D"]);
  if (down.length !== levels) read.refuse("down_block_types", `one for each of the ${levels} levels`);
  if (up.length !== levels) read.refuse("up_block_types", `one for each of the ${levels} levels`);
  if (config.blockOutChannels.some((channels) => channels % config.normNumGroups !== 0)) {
    read.refuse("norm_num_groups", `a divisor of all block_out_channels (${config.blockOutChannels.join(", ")})`);
  }
  read.only("_class_name", ["AutoencoderKL"]);
  read.only("act_fn", ["silu", "swish"]);
  for (const key of ["shift_factor", "latents_mean", "latents_std"]) read.only(key, [null]);
  // force_upcast asks for float32, which we always use.
  read.ignore(["force_upcast"]);
  read.finish();
  return config;
}

/** How many image pixels one latent pixel stands for, per side: 2 for each level but the last. */
export function vaeStride(config: Pick<VaeConfig, "blockOutChannels">): number {
  return 2 ** (config.blockOutChannels.length - 1);
}
