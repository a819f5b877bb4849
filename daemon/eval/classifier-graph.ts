/**
 * The graph that trains a batch of CLIP classifiers by one step: row i owns the low-rank adapters of classifier i in both
 * towers, CLIP itself is shared and frozen. The texts are encoded anew in each step, since their tower learns too.
 */
import { adaptedWeights, type LoraLayout, type LoraValues, unpackLora } from "../adapters/lora.ts";
import { findTargetModules } from "../adapters/targets.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { dropout } from "../engine/ops/dropout.ts";
import { mul } from "../engine/ops/elementwise.ts";
import { crossEntropy } from "../engine/ops/log-softmax.ts";
import { reshape, slice } from "../engine/ops/movement.ts";
import { reduceSum } from "../engine/ops/reduction.ts";
import { fileWeights, type Weights } from "../nn/weights.ts";
import type { AdamWConfig } from "../optim/adamw.ts";
import { buildTrainStep, type TrainStepOutputs } from "../optim/train-step.ts";
import type { ClipModel } from "./clip-model.ts";
import { clipLogits, imageFeatures, textFeatures, textInputs } from "./clip-network.ts";

export type ClassifierShape = {
  /** Classifiers at once. */
  readonly rows: number;
  /** Pictures of each. */
  readonly batchSize: number;
  readonly classes: number;
};

export type ClassifierGraphOptions = ClassifierShape & {
  readonly layout: LoraLayout;
  readonly alpha: number;
  /** Probability that a number which the adapters see is zero in a step. */
  readonly dropout: number;
  readonly adamW: AdamWConfig;
  /** Infinity: not clipped. */
  readonly maxGradNorm: number;
};

/** Query and value projections of both towers, as in the LoFT and DataDream classifiers. */
export const classifierTargets: readonly string[] = ["q_proj", "v_proj"];

/** The layers that a classifier's adapters attach to. */
export function classifierModules(model: ClipModel) {
  return findTargetModules(model.file.tensors, classifierTargets);
}

/**
 * Inputs beside those of the train step: `pixels` [rows * batchSize, 3, side, side], `targets` [rows * batchSize, classes]
 * that sum to 1, `sampleWeights` [rows * batchSize, 1] whose sum in a row is 1, `tokenIds` and `endMask` of
 * rows * classes texts; and with dropout `dropoutImages` [rows * batchSize, 1, modules], `dropoutTexts`
 * [rows * classes, 1, modules] and `dropoutPlaces` [modules, the longest tokens * width of all modules].
 * A row's loss is the weighted sum of the cross entropies of its pictures.
 */
export function classifierTrainingGraph(
  model: ClipModel,
  options: ClassifierGraphOptions,
): TrainStepOutputs & { readonly logits: Value } {
  const { rows, batchSize, classes, layout, alpha, adamW, maxGradNorm } = options;
  const names = layout.targets.flatMap(({ name }) => [name, name]);
  let logits: Value | undefined;
  const outputs = buildTrainStep({
    rows,
    parameterCount: layout.parameterCount,
    adamW,
    maxGradNorm,
    unpack: (packed) => [...unpackLora(layout, packed).values()].flatMap(({ a, b }) => [a, b]),
    loss: (tensors) => {
      const pairs = new Map<string, { a: Value; b: Value }>();
      for (let index = 0; index < tensors.length; index += 2) {
        pairs.set(names[index]!, { a: tensors[index]!, b: tensors[index + 1]! });
      }
      const dropped = dropoutOf(model, options);
      const weights = adaptedWeights(fileWeights(model.file), pairs, alpha / layout.rank, dropped);
      logits = reshape(rowLogits(model, weights, options), [rows * batchSize, classes]);
      const losses = crossEntropy(logits, input("targets", [rows * batchSize, classes]));
      const weighted = mul(losses, input("sampleWeights", [rows * batchSize, 1]));
      return reshape(reduceSum(reshape(weighted, [rows, batchSize]), [1]), [rows]);
    },
  });
  return { ...outputs, logits: logits! };
}

/** The logits of adapted classifiers, [rows, batchSize, classes], from `parameters` and the inputs above, without dropout. */
export function classifierGraph(
  model: ClipModel,
  shape: ClassifierShape,
  { layout, alpha }: Pick<ClassifierGraphOptions, "layout" | "alpha">,
): { readonly logits: Value } {
  const parameters = input("parameters", [shape.rows, layout.parameterCount]);
  const lora: LoraValues = unpackLora(layout, parameters);
  return { logits: rowLogits(model, adaptedWeights(fileWeights(model.file), lora, alpha / layout.rank), shape) };
}

function rowLogits(model: ClipModel, weights: Weights, { rows, batchSize, classes }: ClassifierShape): Value {
  const { config } = model;
  const side = config.vision.imageSize;
  const images = imageFeatures(weights, config, input("pixels", [rows * batchSize, 3, side, side]));
  const { tokenIds, endMask } = textInputs(config, rows * classes, model.tokenizer.maxLength);
  const texts = textFeatures(weights, config, tokenIds, endMask);
  const width = config.projectionDim;
  return clipLogits(weights, reshape(images, [rows, batchSize, width]), reshape(texts, [rows, classes, width]));
}

/** Random numbers that one place of a module needs, for the module with most places. */
export function dropoutPlaces({ config, tokenizer }: ClipModel): number {
  const { imageSize, patchSize, hiddenSize } = config.vision;
  const imageTokens = (imageSize / patchSize) ** 2 + 1;
  return Math.max(imageTokens * hiddenSize, tokenizer.maxLength * config.text.hiddenSize);
}

/** What a module's adapter sees of its input: for each picture or text another part is missing. */
function dropoutOf(model: ClipModel, { rows, batchSize, classes, layout, dropout: rate }: ClassifierGraphOptions) {
  if (rate === 0) return undefined;
  const count = layout.targets.length;
  const images = input("dropoutImages", [rows * batchSize, 1, count]);
  const texts = input("dropoutTexts", [rows * classes, 1, count]);
  const places = input("dropoutPlaces", [count, dropoutPlaces(model)]);
  const indices = new Map(layout.targets.map(({ name }, index) => [name, index]));
  return (name: string, x: Value): Value => {
    const index = indices.get(name)!;
    const [, length, width] = x.shape as [number, number, number];
    const own = slice(slice(places, 0, index, index + 1), 1, 0, length * width);
    const left = slice(name.startsWith("text_model.") ? texts : images, 2, index, index + 1);
    return dropout(x, left, reshape(own, [1, length, width]), rate);
  };
}
