/** CLIP (Radford et al. 2021) as transformers' CLIPModel has it: pictures and texts into one space of features. */
import { encodeTokens } from "../diffusion/text-encoder.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { conv2d } from "../engine/ops/convolution.ts";
import { add, div, exp, mul, sqrt, square } from "../engine/ops/elementwise.ts";
import { matmul } from "../engine/ops/matmul.ts";
import { concat, expand, reshape, transpose } from "../engine/ops/movement.ts";
import { reduceSum } from "../engine/ops/reduction.ts";
import { clipEncoderLayer, clipEncoderLayerOfFirst } from "../nn/clip-encoder-layer.ts";
import { layerNorm } from "../nn/layer-norm.ts";
import { type Weights, within } from "../nn/weights.ts";
import type { ClipConfig } from "./clip-config.ts";

/** Preprocessed pictures [batch, 3, side, side] -> features [batch, projectionDim], not normalized. */
export function imageFeatures(weights: Weights, { vision: config }: ClipConfig, pixels: Value): Value {
  const model = within(weights, "vision_model");
  const batch = pixels.shape[0]!;
  const { hiddenSize, patchSize } = config;
  const patches = conv2d(pixels, model.stored("embeddings.patch_embedding.weight"), undefined, {
    stride: patchSize,
  });
  const count = patches.shape[2]! * patches.shape[3]!;
  const tokens = transpose(reshape(patches, [batch, hiddenSize, count]), [0, 2, 1]);
  const classToken = expand(reshape(model.tensor("embeddings.class_embedding"), [1, 1, hiddenSize]), [
    batch,
    1,
    hiddenSize,
  ]);
  const embedded = add(concat([classToken, tokens], 1), model.tensor("embeddings.position_embedding.weight"));
  // The missing "e" is the checkpoints' own.
  let hidden = layerNorm(model, "pre_layrnorm", embedded, config.layerNormEps);
  const last = config.layerCount - 1;
  for (let layer = 0; layer < last; layer += 1) {
    hidden = clipEncoderLayer(within(model, `encoder.layers.${layer}`), config, hidden);
  }
  // Of what the last layer makes, only the class token is read.
  const classHidden = clipEncoderLayerOfFirst(within(model, `encoder.layers.${last}`), config, hidden);
  const pooled = layerNorm(model, "post_layernorm", classHidden, config.layerNormEps);
  return weights.linear("visual_projection", reshape(pooled, [batch, hiddenSize]));
}

/**
 * Token ids [batch, tokens] i64 -> features [batch, projectionDim], not normalized.
 * @param endMask [batch, 1, tokens]: 1 at the end token of each text, 0 elsewhere
 */
export function textFeatures(weights: Weights, { text }: ClipConfig, tokenIds: Value, endMask: Value): Value {
  const hidden = encodeTokens(within(weights, "text_model"), text, tokenIds);
  const pooled = reshape(matmul(endMask, hidden), [tokenIds.shape[0]!, text.hiddenSize]);
  return weights.linear("text_projection", pooled);
}

/** x [..., width] divided by its length over the last axis. */
export function normalized(x: Value): Value {
  return div(x, sqrt(reduceSum(square(x), [-1])));
}

/**
 * exp(logit_scale) times the cosines: images [..., n, width] and texts [..., m, width] -> [..., n, m], softmax of which
 * over the texts are the probabilities.
 */
export function clipLogits(weights: Weights, images: Value, texts: Value): Value {
  const scale = exp(weights.tensor("logit_scale"));
  return mul(matmul(normalized(images), normalized(texts), { transposeRight: true }), scale);
}

/** The two inputs that texts come in by. */
export function textInputs({ text }: ClipConfig, batch: number, tokens = text.maxPositionEmbeddings) {
  return { tokenIds: input("tokenIds", [batch, tokens], "i64"), endMask: input("endMask", [batch, 1, tokens]) };
}
