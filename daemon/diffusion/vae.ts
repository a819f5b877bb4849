/** The autoencoder between pictures and latents (diffusers `AutoencoderKL`). */
import type { Value } from "../engine/graph/value.ts";
import { silu } from "../engine/ops/activation.ts";
import { add } from "../engine/ops/elementwise.ts";
import { reshape, slice, transpose } from "../engine/ops/movement.ts";
import { upsampleNearest2x } from "../engine/ops/resampling.ts";
import { diffusersAttention, multiHeadAttention } from "../nn/attention.ts";
import { conv2d } from "../nn/conv2d.ts";
import { groupNorm } from "../nn/group-norm.ts";
import { type Weights, within } from "../nn/weights.ts";
import type { VaeConfig } from "./configs/vae-config.ts";
import { resnetBlock } from "./resnet-block.ts";

const epsilon = 1e-6;

/**
 * The distribution of a picture's latents, before the scaling factor.
 * @param image [batch, 3, height, width] in [-1, 1]
 * @returns mean and logarithm of the variance (not clamped), each [batch, latentChannels, height / factor, width / factor]
 */
export function encodeImage(
  weights: Weights,
  config: VaeConfig,
  image: Value,
): { readonly mean: Value; readonly logVariance: Value } {
  const encoder = within(weights, "encoder");
  let hidden = conv2d(encoder, "conv_in", image, { padding: 1 });
  for (const level of config.blockOutChannels.keys()) {
    const block = within(encoder, `down_blocks.${level}`);
    for (let layer = 0; layer < config.layersPerBlock; layer += 1) hidden = resnet(block, config, layer, hidden);
    // Padded at the bottom and right only.
    const options = { stride: 2, padding: [0, 0, 1, 1] } as const;
    if (block.has("downsamplers.0.conv.weight")) hidden = conv2d(block, "downsamplers.0.conv", hidden, options);
  }
  const moments = outputLayers(encoder, config, midBlock(encoder, config, hidden));
  const quantized = config.useQuantConv ? conv2d(weights, "quant_conv", moments) : moments;
  const channels = config.latentChannels;
  return { mean: slice(quantized, 1, 0, channels), logVariance: slice(quantized, 1, channels, 2 * channels) };
}

/** Latents [batch, latentChannels, height, width], divided by the scaling factor -> picture in about [-1, 1], not clamped. */
export function decodeLatents(weights: Weights, config: VaeConfig, latents: Value): Value {
  const decoder = within(weights, "decoder");
  const dequantized = config.usePostQuantConv ? conv2d(weights, "post_quant_conv", latents) : latents;
  let hidden = midBlock(decoder, config, conv2d(decoder, "conv_in", dequantized, { padding: 1 }));
  for (const level of config.blockOutChannels.keys()) {
    const block = within(decoder, `up_blocks.${level}`);
    for (let layer = 0; layer <= config.layersPerBlock; layer += 1) hidden = resnet(block, config, layer, hidden);
    if (block.has("upsamplers.0.conv.weight")) {
      hidden = conv2d(block, "upsamplers.0.conv", upsampleNearest2x(hidden), { padding: 1 });
    }
  }
  return outputLayers(decoder, config, hidden);
}

function resnet(weights: Weights, { normNumGroups }: VaeConfig, layer: number, x: Value): Value {
  return resnetBlock(weights, `resnets.${layer}`, x, { groups: normNumGroups, epsilon });
}

function midBlock(weights: Weights, config: VaeConfig, x: Value): Value {
  const block = within(weights, "mid_block");
  const first = resnet(block, config, 0, x);
  const attended = config.midBlockAddAttention ? selfAttention(within(block, "attentions.0"), config, first) : first;
  return resnet(block, config, 1, attended);
}

/** Every pixel attends to every other, with one head. */
function selfAttention(weights: Weights, { normNumGroups }: VaeConfig, x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const normalized = groupNorm(weights, "group_norm", x, { groups: normNumGroups, epsilon });
  const tokens = transpose(reshape(normalized, [batch, channels, height * width]), [0, 2, 1]);
  const attended = multiHeadAttention(weights, tokens, tokens, { layers: diffusersAttention, heads: 1 });
  return add(reshape(transpose(attended, [0, 2, 1]), x.shape), x);
}

function outputLayers(weights: Weights, { normNumGroups }: VaeConfig, x: Value): Value {
  const normalized = groupNorm(weights, "conv_norm_out", x, { groups: normNumGroups, epsilon });
  return conv2d(weights, "conv_out", silu(normalized), { padding: 1 });
}
