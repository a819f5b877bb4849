/** What CLIP says without training: features of pictures, and the class whose prompts are nearest to them. */
import { readSafetensorsHeader, readTensor, toFloat32 } from "../checkpoint/safetensors.ts";
import { float32 } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { createSession } from "../engine/runtime/session.ts";
import { fileWeights } from "../nn/weights.ts";
import { type ClipModel, tokenFeeds } from "./clip-model.ts";
import { imageFeatures, normalized, textFeatures, textInputs } from "./clip-network.ts";
import { softmax } from "./metrics.ts";

/** Turns pictures into features, `batchSize` at once. */
export type ImageEncoder = {
  /** Preprocessed pictures [3, side, side] to features of length 1, [projectionDim] each. */
  readonly encode: (pictures: readonly Float32Array[]) => Promise<Float32Array[]>;
  readonly release: () => Promise<void>;
};

/** Build the session of an encoder; release it. */
export async function createImageEncoder(model: ClipModel, batchSize: number): Promise<ImageEncoder> {
  const side = model.config.vision.imageSize;
  const shape = [batchSize, 3, side, side];
  const features = normalized(imageFeatures(fileWeights(model.file), model.config, input("pixels", shape)));
  const session = await createSession({ features }, model.session);
  const encodeBatch = async (batch: readonly Float32Array[]) => {
    // A batch that is not full is filled up: one session fits all.
    const pixels = new Float32Array(batchSize * 3 * side * side);
    for (const [index, picture] of batch.entries()) pixels.set(picture, index * picture.length);
    const found = await session.run({ pixels: float32(pixels, shape) });
    return rowsOf(found.features!.data as Float32Array, batch.length, model.config.projectionDim);
  };
  return {
    encode: async (pictures) => {
      const rows: Float32Array[] = [];
      for (let start = 0; start < pictures.length; start += batchSize) {
        rows.push(...(await encodeBatch(pictures.slice(start, start + batchSize))));
      }
      return rows;
    },
    release: () => session.release(),
  };
}

/** Features of length 1 of texts, [projectionDim] each. */
export async function encodeTexts(model: ClipModel, texts: readonly string[]): Promise<Float32Array[]> {
  const { tokenIds, endMask } = textInputs(model.config, texts.length, model.tokenizer.maxLength);
  const features = normalized(textFeatures(fileWeights(model.file), model.config, tokenIds, endMask));
  const session = await createSession({ features }, model.session);
  try {
    const found = await session.run(tokenFeeds(model, texts));
    return rowsOf(found.features!.data as Float32Array, texts.length, model.config.projectionDim);
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
  const classes: Float32Array[] = [];
  for (const texts of prompts) classes.push(meanDirection(await encodeTexts(model, texts)));
  return classes;
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

function rowsOf(values: Float32Array, count: number, width: number): Float32Array[] {
  return Array.from({ length: count }, (_, row) => values.slice(row * width, (row + 1) * width));
}

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, index) => sum + value * right[index]!, 0);
}
