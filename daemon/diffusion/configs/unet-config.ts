/** The config of diffusers' UNet2DConditionModel (0.42) as far as Stable Diffusion 1.x and 2.x need it. Pure. */
import type { ConfigFile } from "../../checkpoint/diffusers-folder.ts";
import { type ConfigReader, configReader } from "./config-reader.ts";

export type DownBlockType = "CrossAttnDownBlock2D" | "DownBlock2D";
export type UpBlockType = "CrossAttnUpBlock2D" | "UpBlock2D";

export type UNetConfig = {
  /** Latent side length the model was made for; other sizes work as well. */
  readonly sampleSize: number | null;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly downBlockTypes: readonly DownBlockType[];
  readonly midBlockType: "UNetMidBlock2DCrossAttn";
  readonly upBlockTypes: readonly UpBlockType[];
  /** Channels of each level, from the finest to the coarsest. */
  readonly blockOutChannels: readonly number[];
  /** Resnets of each level on the way down; one more on the way up. */
  readonly layersPerBlock: readonly number[];
  readonly transformerLayersPerBlock: readonly number[];
  /** Width of the prompt embeds. */
  readonly crossAttentionDim: number;
  /** Number of heads of each level; the middle block has the last level's. */
  readonly attentionHeads: readonly number[];
  readonly normNumGroups: number;
  /** Epsilon of the group norms outside the transformers (those have 1e-6). */
  readonly normEps: number;
  /** Projections into and out of the transformers are linear layers, not 1x1 convolutions. */
  readonly useLinearProjection: boolean;
  /** Time embedding: cosines first. */
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  readonly downsamplePadding: number;
};

/**
 * Read a UNet's config.json. Absent keys have diffusers' defaults.
 * `attention_head_dim` is the number of heads: diffusers keeps that misnomer for the sake of published files.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readUNetConfig(file: ConfigFile): UNetConfig {
  const read = configReader(file);
  const blockOutChannels = read.counts("block_out_channels", [320, 640, 1280, 1280]);
  const levels = blockOutChannels.length;
  const config: UNetConfig = {
    sampleSize: read.countOrNull("sample_size", null),
    inChannels: read.count("in_channels", 4),
    outChannels: read.count("out_channels", 4),
    downBlockTypes: read.choices("down_block_types", ["CrossAttnDownBlock2D", "DownBlock2D"], defaultDownBlocks),
    midBlockType: read.choice("mid_block_type", ["UNetMidBlock2DCrossAttn"], "UNetMidBlock2DCrossAttn"),
    upBlockTypes: read.choices("up_block_types", ["CrossAttnUpBlock2D", "UpBlock2D"], defaultUpBlocks),
    blockOutChannels,
    layersPerBlock: read.counts("layers_per_block", 2, levels),
    transformerLayersPerBlock: read.counts("transformer_layers_per_block", 1, levels),
    crossAttentionDim: read.count("cross_attention_dim", 1280),
    attentionHeads: read.counts("attention_head_dim", 8, levels),
    normNumGroups: read.count("norm_num_groups", 32),
    normEps: read.number("norm_eps", 1e-5, { above: 0 }),
    useLinearProjection: read.boolean("use_linear_projection", false),
    flipSinToCos: read.boolean("flip_sin_to_cos", true),
    freqShift: read.number("freq_shift", 0),
    downsamplePadding: read.count("downsample_padding", 1, 0),
  };
  checkFixedKeys(read, levels);
  checkLevels(read, config);
  return config;
}

const defaultDownBlocks = [
  "CrossAttnDownBlock2D",
  "CrossAttnDownBlock2D",
  "CrossAttnDownBlock2D",
  "DownBlock2D",
] as const;
const defaultUpBlocks = ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"] as const;

function checkFixedKeys(read: ConfigReader, levels: number): void {
  read.only("_class_name", ["UNet2DConditionModel"]);
  read.only("act_fn", ["silu", "swish"]);
  read.only("only_cross_attention", [false, Array.from({ length: levels }, () => false)]);
  read.only("mid_block_only_cross_attention", [null, false]);
  read.only("attention_type", ["default"]);
  read.only("resnet_time_scale_shift", ["default"]);
  read.only("time_embedding_type", ["positional"]);
  for (const key of ["mid_block_scale_factor", "resnet_out_scale_factor"]) read.only(key, [1]);
  for (const key of ["conv_in_kernel", "conv_out_kernel"]) read.only(key, [3]);
  for (const key of falseKeys) read.only(key, [false]);
  for (const key of nullKeys) read.only(key, [null]);
  read.ignore(meaninglessKeys);
  read.finish();
}

const falseKeys = ["center_input_sample", "class_embeddings_concat", "dual_cross_attention", "resnet_skip_time_act"];

const nullKeys = [
  "addition_embed_type",
  "addition_time_embed_dim",
  "class_embed_type",
  "cross_attention_norm",
  "encoder_hid_dim",
  "encoder_hid_dim_type",
  "num_attention_heads",
  "num_class_embeds",
  "projection_class_embeddings_input_dim",
  "reverse_transformer_layers_per_block",
  "time_cond_proj_dim",
  "time_embedding_act_fn",
  "time_embedding_dim",
  "timestep_post_act",
];

/** upcast_attention asks for float32, which we always use; dropout is off when sampling and when training adapters. */
const meaninglessKeys = ["upcast_attention", "dropout", "addition_embed_type_num_heads"];

function checkLevels(read: ConfigReader, config: UNetConfig): void {
  const { blockOutChannels, downBlockTypes, upBlockTypes, attentionHeads, normNumGroups } = config;
  const levels = blockOutChannels.length;
  if (downBlockTypes.length !== levels) read.refuse("down_block_types", `one for each of the ${levels} levels`);
  if (upBlockTypes.length !== levels) read.refuse("up_block_types", `one for each of the ${levels} levels`);
  if (blockOutChannels.some((channels) => channels % normNumGroups !== 0)) {
    read.refuse("norm_num_groups", `a divisor of all block_out_channels (${blockOutChannels.join(", ")})`);
  }
  if ((blockOutChannels[0] as number) % 2 !== 0) read.refuse("block_out_channels", "an even first number");
  const hasAttention = (level: number) =>
    level === levels - 1 ||
    downBlockTypes[level] === "CrossAttnDownBlock2D" ||
    upBlockTypes[levels - 1 - level] === "CrossAttnUpBlock2D";
  const divides = (heads: number, level: number) => (blockOutChannels[level] as number) % heads === 0;
  if (!attentionHeads.every((heads, level) => !hasAttention(level) || divides(heads, level))) {
    read.refuse("attention_head_dim", "a number of heads that divides the level's channels");
  }
}
