/** Whether the parts of a model belong together, found out by building every network without running any. */
import { LoftError, loftError } from "../base/errors.ts";
import { input } from "../engine/graph/value.ts";
import { fileWeights } from "../nn/weights.ts";
import { type DiffusionModel, latentShape, nativeResolution } from "./diffusion-model.ts";
import { encodeTokens } from "./text-encoder.ts";
import { unet } from "./unet.ts";
import { decodeLatents, encodeImage } from "./vae.ts";

/**
 * Check shapes and names of all weights against the configs, and the parts against each other; no weights are read.
 * @throws LoftError "model-mismatch"; "tensor-missing" and "model-config-unsupported" as the networks themselves
 */
export function checkModel(model: DiffusionModel): void {
  checkSizes(model);
  checkWeights(model, "text_encoder", () => buildTextEncoder(model));
  checkWeights(model, "unet", () => buildUnet(model));
  checkWeights(model, "vae", () => buildVae(model));
}

type Part = "text_encoder" | "unet" | "vae";

function checkSizes(model: DiffusionModel): void {
  checkWidths(model, "unet", "down_blocks");
  checkWidths(model, "vae", "encoder.down_blocks");
  const { unet, vae, textEncoder, tokenizer } = model;
  const pairs = [
    ["unet in_channels", unet.config.inChannels, "vae latent_channels", vae.config.latentChannels],
    ["unet out_channels", unet.config.outChannels, "vae latent_channels", vae.config.latentChannels],
    [
      "unet cross_attention_dim",
      unet.config.crossAttentionDim,
      "text_encoder hidden_size",
      textEncoder.config.hiddenSize,
    ],
  ] as const;
  for (const [left, leftSize, right, rightSize] of pairs) {
    if (leftSize !== rightSize) throw mismatch(model, `${left} is ${leftSize}, ${right} is ${rightSize}`);
  }
  const { maxPositionEmbeddings, vocabSize } = textEncoder.config;
  if (maxPositionEmbeddings < tokenizer.maxLength) {
    throw mismatch(
      model,
      `the tokenizer makes ${tokenizer.maxLength} tokens, text_encoder takes ${maxPositionEmbeddings}`,
    );
  }
  const largestId = Math.max(tokenizer.bosId, tokenizer.eosId, tokenizer.padId);
  if (vocabSize <= largestId) {
    throw mismatch(model, `the tokenizer makes token ${largestId}, text_encoder has vocab_size ${vocabSize}`);
  }
}

/** Networks take their widths from the weights; a config that says something else is another model's. */
function checkWidths(model: DiffusionModel, part: "unet" | "vae", blocks: string): void {
  const { config, file } = model[part];
  for (const [level, width] of config.blockOutChannels.entries()) {
    const found = file.tensors.get(`${blocks}.${level}.resnets.0.conv1.weight`)?.shape[0];
    if (found === undefined || found === width) continue;
    const what = `${part} block_out_channels has ${width} at level ${level}, the weights have ${found}`;
    throw mismatch(model, what);
  }
}

function buildTextEncoder({ textEncoder, tokenizer }: DiffusionModel): void {
  const weights = fileWeights(textEncoder.file);
  encodeTokens(weights, textEncoder.config, input("tokenIds", [1, tokenizer.maxLength], "i64"));
}

function buildUnet(model: DiffusionModel): void {
  const { config, file } = model.unet;
  unet(fileWeights(file), config, {
    latents: input("latents", [1, ...latentShape(model, nativeResolution(model))]),
    timesteps: input("timesteps", [1]),
    promptEmbeds: input("promptEmbeds", [1, model.tokenizer.maxLength, config.crossAttentionDim]),
  });
}

function buildVae(model: DiffusionModel): void {
  const { config, file } = model.vae;
  const resolution = nativeResolution(model);
  encodeImage(fileWeights(file), config, input("image", [1, 3, resolution, resolution]));
  decodeLatents(fileWeights(file), config, input("latents", [1, ...latentShape(model, resolution)]));
}

function checkWeights(model: DiffusionModel, part: Part, build: () => void): void {
  try {
    build();
  } catch (error) {
    if (!(error instanceof LoftError) || error.code !== "shape-mismatch") throw error;
    throw mismatch(model, `the weights of ${part} do not fit ${part}/config.json (${error.what})`, error);
  }
}

function mismatch({ folder }: DiffusionModel, reason: string, cause?: unknown) {
  return loftError("model-mismatch", {
    what: `The parts of the model ${folder} do not belong together: ${reason}.`,
    fix: "Copy the whole model folder again from one source; configs and weights of different models cannot be mixed.",
    cause,
  });
}
