/** What CLIP says without training: features of pictures, and the class whose prompts are nearest to them. */
import { readSafetensorsHeader, readTensor, toFloat32 } from "../checkpoint/safetensors.ts";
import { input } from "../engine/graph/value.ts";
import { createSession } from "../engine/runtime/session.ts";
import { fileWeights } from "../nn/weights.ts";
import { type ClipModel, longestText, tokenFeeds } from "./clip-model.ts";
import { imageFeatures, normalized, textFeatures, textInputs } from "./clip-network.ts";
import { softmax } from "./metrics.ts";
import { firstRows, type PixelSource, pixelBatches } from "./pixel-batches.ts";

/** Turns pictures into features, `batchSize` at once. */
export type ImageEncoder = {
  /** Features of length 1, [projectionDim] each. */
  readonly encode: (pictures: readonly PixelSource[]) => Promise<Float32Array[]>;
  readonly release: () => Promise<void>;
};

/** Build the session of an encoder; release it. */
export async function createImageEncoder(model: ClipModel, batchSize: number): Promise<ImageEncoder> {
  const { vision, projectionDim } = model.config;
  const pixels = input("pixels", [batchSize, 3, vision.imageSize, vision.imageSize]);
  const features = normalized(imageFeatures(fileWeights(model.file), model.config, pixels));
  const session = await createSession({ features }, model.session);
  return {
    encode: async (pictures) => {
      const rows: Float32Array[] = [];
      for await (const batch of pixelBatches(pictures, batchSize, vision.imageSize)) {
        const found = await session.run({ pixels: batch.pixels });
        rows.push(...firstRows(found.features!.data as Float32Array, batch.count, projectionDim));
      }
      return rows;
    },
    release: () => session.release(),
  };
}

/** Texts that are encoded at once. */
const textsAtOnce = 64;

/** Features of length 1 of texts, [projectionDim] each. */
export async function encodeTexts(model: ClipModel, texts: readonly string[]): Promise<Float32Array[]> {
  const tokens = longestText(model, texts);
  const batchSize = Math.min(texts.length, textsAtOnce);
  const inputs = textInputs(model.config, batchSize, tokens);
  const features = normalized(textFeatures(fileWeights(model.file), model.config, inputs.tokenIds, inputs.endMask));
  const session = await createSession({ features }, model.session);
  try {
    const rows: Float32Array[] = [];
    for (let start = 0; start < texts.length; start += batchSize) {
      const batch = texts.slice(start, start + batchSize);
      // A batch that is not full is filled up with its first text.
      const filled = Array.from({ length: batchSize }, (_, index) => batch[index] ?? batch[0]!);
      const found = await session.run(tokenFeeds(model, filled, tokens));
      rows.push(...firstRows(found.features!.data as Float32Array, batch.length, model.config.projectionDim));
    }
    return rows;
  } finally {
    await session.release();
  }
}

/**
 * One feature of length 1 per class: the mean of its prompts' features (Radford et al. 2021, section 3.1.4).
 * @param prompts at least one for each class
 */
export async function encodeClasses(
  model: ClipModel,
  prompts: readonly (readonly string[])[],
): Promise<readonly Float32Array[]> {
  const features = await encodeTexts(model, prompts.flat());
  let end = 0;
  return prompts.map(({ length }) => {
    end += length;
    return meanDirection(features.slice(end - length, end));
  });
}

/** Probabilities of the classes for each picture, from features of length 1 and CLIP's own scale. */
export async function zeroShotProbabilities(
  model: ClipModel,
  pictures: readonly Float32Array[],
  classes: readonly Float32Array[],
): Promise<readonly Float32Array[]> {
  const scale = await logitScale(model);
  return pictures.map((picture) => softmax(Float32Array.from(classes, (one) => scale * dot(picture, one))));
}

async function logitScale({ file }: ClipModel): Promise<number> {
  const stored = file.tensors.get("logit_scale")!;
  const tensor = await readTensor(await readSafetensorsHeader(stored.file), "logit_scale");
  return Math.exp(toFloat32(tensor)[0]!);
}

function meanDirection(rows: readonly Float32Array[]): Float32Array {
  const sum = Float32Array.from(rows[0]!, (_, column) => rows.reduce((total, row) => total + row[column]!, 0));
  const length = Math.sqrt(dot(sum, sum));
  return sum.map((value) => value / length);
}

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, index) => sum + value * right[index]!, 0);
}
