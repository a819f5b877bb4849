/**
 * The graphs of a batch of CLIP classifiers: row i owns low-rank adapters in both towers, CLIP itself is shared and
 * frozen. In training the texts are encoded anew in each step, since their tower learns too.
 */
import { adaptedWeights, type LoraLayout, loraFromTensors, loraTensors, unpackLora } from "../adapters/lora.ts";
import { findTargetModules } from "../adapters/targets.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { dropout } from "../engine/ops/dropout.ts";
import { mul } from "../engine/ops/elementwise.ts";
import { crossEntropy } from "../engine/ops/log-softmax.ts";
import { expand, reshape, slice } from "../engine/ops/movement.ts";
import { reduceSum } from "../engine/ops/reduction.ts";
import { fileWeights, type Weights } from "../nn/weights.ts";
import { lossesAndGradient } from "../optim/train-step.ts";
import type { ClipModel } from "./clip-model.ts";
import { clipLogits, imageFeatures, textFeatures, textInputs } from "./clip-network.ts";

/** The texts of all classes. */
export type TextShape = {
  readonly classes: number;
  /** Of each text: enough for the longest one. What comes after a text's end token changes nothing. */
  readonly tokens: number;
};

export type ClassifierShape = TextShape & {
  /** Classifiers at once. */
  readonly rows: number;
  /** Pictures of each. */
  readonly batchSize: number;
};

export type ClassifierGraphOptions = ClassifierShape & {
  readonly layout: LoraLayout;
  readonly alpha: number;
  /** Probability that a number which the adapters see is zero in a step. */
  readonly dropout: number;
};

/** Query and value projections of both towers, as in the LoFT and DataDream classifiers. */
export const classifierTargets: readonly string[] = ["q_proj", "v_proj"];

/** The layers that a classifier's adapters attach to. */
export function classifierModules(model: ClipModel) {
  return findTargetModules(model.file.tensors, classifierTargets);
}

/** Losses [rows], their gradient [rows, parameterCount], logits [rows * batchSize, classes]. */
export type ClassifierGradient = { readonly losses: Value; readonly gradient: Value; readonly logits: Value };

/**
 * Inputs: `parameters` [rows, parameterCount], `pixels` [rows * batchSize, 3, side, side], `targets`
 * [rows * batchSize, classes] that sum to 1, `sampleWeights` [rows * batchSize, 1], `tokenIds` and `endMask` of the
 * classes' texts, the same for all rows; and with dropout `dropoutImages` [rows * batchSize, 1, modules], `dropoutTexts`
 * [rows * classes, 1, modules] and `dropoutPlaces` [modules, the longest tokens * width of all modules].
 * A row's loss is the weighted sum of the cross entropies of its pictures.
 */
export function classifierGradientGraph(model: ClipModel, options: ClassifierGraphOptions): ClassifierGradient {
  const { rows, batchSize, classes, layout, alpha } = options;
  let logits: Value | undefined;
  const trained = {
    rows,
    unpack: (packed: Value) => loraTensors(unpackLora(layout, packed)),
    loss: (tensors: readonly Value[]) => {
      const dropped = dropoutOf(model, options);
      const lora = loraFromTensors(layout, tensors);
      const scale = alpha / layout.rank / (1 - options.dropout);
      const weights = adaptedWeights(fileWeights(model.file), lora, scale, dropped);
      logits = reshape(rowLogits(model, weights, options), [rows * batchSize, classes]);
      const losses = crossEntropy(logits, input("targets", [rows * batchSize, classes]));
      const weighted = mul(losses, input("sampleWeights", [rows * batchSize, 1]));
      return reshape(reduceSum(reshape(weighted, [rows, batchSize]), [1]), [rows]);
    },
  };
  const found = lossesAndGradient(trained, input("parameters", [rows, layout.parameterCount]));
  return { ...found, logits: logits! };
}

type AdapterOptions = Pick<ClassifierGraphOptions, "layout" | "alpha">;

/** One adapted classifier's `textFeatures` [1, classes, width], from `parameters`, `tokenIds` and `endMask`. */
export function classifierTextGraph(
  model: ClipModel,
  shape: TextShape,
  options: AdapterOptions,
): { readonly textFeatures: Value } {
  return { textFeatures: rowTexts(model, ownWeights(model, options), { ...shape, rows: 1 }) };
}

/** Its `logits` [1, batchSize, classes], from `parameters`, `pixels` [batchSize, 3, side, side] and `textFeatures`. */
export function classifierImageGraph(
  model: ClipModel,
  shape: Pick<ClassifierShape, "batchSize" | "classes">,
  options: AdapterOptions,
): { readonly logits: Value } {
  const weights = ownWeights(model, options);
  const images = rowImages(model, weights, { ...shape, rows: 1 });
  const texts = input("textFeatures", [1, shape.classes, model.config.projectionDim]);
  return { logits: clipLogits(weights, images, texts) };
}

/** CLIP with the adapters of one packed row, without dropout. */
function ownWeights(model: ClipModel, { layout, alpha }: AdapterOptions): Weights {
  const parameters = input("parameters", [1, layout.parameterCount]);
  return adaptedWeights(fileWeights(model.file), unpackLora(layout, parameters), alpha / layout.rank);
}

function rowLogits(model: ClipModel, weights: Weights, shape: ClassifierShape): Value {
  return clipLogits(weights, rowImages(model, weights, shape), rowTexts(model, weights, shape));
}

/** [rows, batchSize, width] */
function rowImages(
  { config }: ClipModel,
  weights: Weights,
  { rows, batchSize }: Pick<ClassifierShape, "rows" | "batchSize">,
): Value {
  const side = config.vision.imageSize;
  const images = imageFeatures(weights, config, input("pixels", [rows * batchSize, 3, side, side]));
  return reshape(images, [rows, batchSize, config.projectionDim]);
}

/** [rows, classes, width] */
function rowTexts(
  { config }: ClipModel,
  weights: Weights,
  { rows, classes, tokens }: TextShape & { readonly rows: number },
): Value {
  const { tokenIds, endMask } = textInputs(config, classes, tokens);
  const inAllRows = (value: Value) => {
    const [, ...rest] = value.shape as [number, ...number[]];
    return reshape(expand(reshape(value, [1, ...value.shape]), [rows, ...value.shape]), [rows * classes, ...rest]);
  };
  const texts = textFeatures(weights, config, inAllRows(tokenIds), inAllRows(endMask));
  return reshape(texts, [rows, classes, config.projectionDim]);
}

/** Random numbers that one place of a module needs, for the module with most places. */
export function dropoutPlaces({ config }: ClipModel, { tokens }: Pick<TextShape, "tokens">): number {
  const { imageSize, patchSize, hiddenSize } = config.vision;
  const imageTokens = (imageSize / patchSize) ** 2 + 1;
  return Math.max(imageTokens * hiddenSize, tokens * config.text.hiddenSize);
}

/** What a module's adapter sees of its input: for each picture or text another part is missing. */
function dropoutOf(model: ClipModel, options: ClassifierGraphOptions) {
  const { rows, batchSize, classes, layout, dropout: rate } = options;
  if (rate === 0) return undefined;
  const count = layout.targets.length;
  const images = input("dropoutImages", [rows * batchSize, 1, count]);
  const texts = input("dropoutTexts", [rows * classes, 1, count]);
  const places = input("dropoutPlaces", [count, dropoutPlaces(model, options)]);
  const indices = new Map(layout.targets.map(({ name }, index) => [name, index]));
  return (name: string, x: Value): Value => {
    const index = indices.get(name)!;
    const [, length, width] = x.shape as [number, number, number];
    const own = slice(slice(places, 0, index, index + 1), 1, 0, length * width);
    const left = slice(name.startsWith("text_model.") ? texts : images, 2, index, index + 1);
    return dropout(x, left, reshape(own, [1, length, width]), rate);
  };
}
