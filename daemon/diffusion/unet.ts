/** The noise-predicting U-Net (diffusers `UNet2DConditionModel`; Rombach et al. 2022). Knows nothing of adapters. */
import type { Value } from "../engine/graph/value.ts";
import { silu } from "../engine/ops/activation.ts";
import { concat, slice } from "../engine/ops/movement.ts";
import { upsampleNearest2x } from "../engine/ops/resampling.ts";
import { conv2d } from "../nn/conv2d.ts";
import { groupNorm } from "../nn/group-norm.ts";
import { timestepEmbedding } from "../nn/timestep-embedding.ts";
import type { Weights } from "../nn/weights.ts";
import type { UNetConfig } from "./configs/unet-config.ts";
import { resnetBlock } from "./resnet-block.ts";
import { spatialTransformer } from "./transformer-block.ts";

export type UNetInputs = {
  /** [batch, channels, height, width]; any height and width. */
  readonly latents: Value;
  /** [batch], f32. */
  readonly timesteps: Value;
  /** [batch, tokens, width] */
  readonly promptEmbeds: Value;
};

/** What every block needs beside its own input. */
type Context = {
  readonly config: UNetConfig;
  readonly weights: Weights;
  readonly promptEmbeds: Value;
  readonly timeEmbedding: Value;
};

/** The model output [batch, channels, height, width]: noise or velocity, as the scheduler's prediction type says. */
export function unet(weights: Weights, config: UNetConfig, { latents, timesteps, promptEmbeds }: UNetInputs): Value {
  const timeEmbedding = silu(embedTimesteps(weights, config, timesteps));
  const context: Context = { config, weights, promptEmbeds, timeEmbedding };
  const skips = [conv2d(weights, "conv_in", latents, { padding: 1 })];
  for (const level of config.blockOutChannels.keys()) downBlock(context, level, skips);
  let hidden = midBlock(context, skips.at(-1)!);
  for (const position of config.upBlockTypes.keys()) hidden = upBlock(context, position, hidden, skips);
  const normalized = groupNorm(weights, "conv_norm_out", hidden, {
    groups: config.normNumGroups,
    epsilon: config.normEps,
  });
  return conv2d(weights, "conv_out", silu(normalized), { padding: 1 });
}

function embedTimesteps(weights: Weights, config: UNetConfig, timesteps: Value): Value {
  const sinusoid = timestepEmbedding(timesteps, {
    width: config.blockOutChannels[0]!,
    cosFirst: config.flipSinToCos,
    freqShift: config.freqShift,
  });
  return weights.linear("time_embedding.linear_2", silu(weights.linear("time_embedding.linear_1", sinusoid)));
}

/** Appends the output of each layer to `skips`. */
function downBlock(context: Context, level: number, skips: Value[]): void {
  const { config, weights } = context;
  const name = `down_blocks.${level}`;
  const crosses = config.downBlockTypes[level] === "CrossAttnDownBlock2D";
  for (let layer = 0; layer < config.layersPerBlock[level]!; layer += 1) {
    const hidden = resnet(context, `${name}.resnets.${layer}`, skips.at(-1)!);
    skips.push(crosses ? transformer(context, `${name}.attentions.${layer}`, level, hidden) : hidden);
  }
  if (level < config.blockOutChannels.length - 1) {
    const options = { stride: 2, padding: config.downsamplePadding };
    skips.push(conv2d(weights, `${name}.downsamplers.0.conv`, skips.at(-1)!, options));
  }
}

function midBlock(context: Context, x: Value): Value {
  const level = context.config.blockOutChannels.length - 1;
  const first = resnet(context, "mid_block.resnets.0", x);
  return resnet(context, "mid_block.resnets.1", transformer(context, "mid_block.attentions.0", level, first));
}

/** Takes its skips from the end of `skips`. */
function upBlock(context: Context, position: number, x: Value, skips: Value[]): Value {
  const { config, weights } = context;
  const name = `up_blocks.${position}`;
  const level = config.blockOutChannels.length - 1 - position;
  const crosses = config.upBlockTypes[position] === "CrossAttnUpBlock2D";
  let hidden = x;
  for (let layer = 0; layer <= config.layersPerBlock[level]!; layer += 1) {
    hidden = resnet(context, `${name}.resnets.${layer}`, concat([hidden, skips.pop()!], 1));
    if (crosses) hidden = transformer(context, `${name}.attentions.${layer}`, level, hidden);
  }
  if (level === 0) return hidden;
  const upsampled = cropLike(upsampleNearest2x(hidden), skips.at(-1)!);
  return conv2d(weights, `${name}.upsamplers.0.conv`, upsampled, { padding: 1 });
}

/** Sizes that the stride does not divide come back one row or column too large. */
function cropLike(x: Value, like: Value): Value {
  return slice(slice(x, 2, 0, like.shape[2]!), 3, 0, like.shape[3]!);
}

function resnet({ config, weights, timeEmbedding }: Context, name: string, x: Value): Value {
  return resnetBlock(weights, name, x, { groups: config.normNumGroups, epsilon: config.normEps, timeEmbedding });
}

function transformer({ config, weights, promptEmbeds }: Context, name: string, level: number, x: Value): Value {
  return spatialTransformer(weights, name, x, promptEmbeds, {
    heads: config.attentionHeads[level]!,
    groups: config.normNumGroups,
    layers: config.transformerLayersPerBlock[level]!,
    linearProjection: config.useLinearProjection,
  });
}
