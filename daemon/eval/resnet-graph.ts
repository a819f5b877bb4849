/** The graphs of a batch of residual networks: the gradients of all their parameters, and their answers. */
import { input, type Value } from "../engine/graph/value.ts";
import { mul } from "../engine/ops/elementwise.ts";
import { crossEntropy } from "../engine/ops/log-softmax.ts";
import { reshape } from "../engine/ops/movement.ts";
import { reduceSum } from "../engine/ops/reduction.ts";
import { lossesAndGradient } from "../optim/train-step.ts";
import { type ResnetLayout, unpackResnet } from "./resnet-layout.ts";
import { resnetLogits } from "./resnet-network.ts";

export type ResnetGraphOptions = {
  /** Networks at once. */
  readonly rows: number;
  /** Pictures of each. */
  readonly batchSize: number;
  readonly layout: ResnetLayout;
};

/**
 * Losses [rows], their gradient [rows, parameterCount] and `logits` [rows * batchSize, classes], from `parameters`
 * [rows, parameterCount], `pixels` [rows * batchSize, 3, side, side], `targets` [rows * batchSize, classes] that sum to 1
 * and `sampleWeights` [rows * batchSize, 1]. A row's loss is the weighted sum of the cross entropies of its pictures.
 */
export function resnetGradientGraph(options: ResnetGraphOptions): Record<"losses" | "gradient" | "logits", Value> {
  const { rows, batchSize, layout } = options;
  const { classes } = layout.config;
  let logits: Value | undefined;
  const trained = {
    rows,
    unpack: (packed: Value) => unpackResnet(layout, packed),
    loss: (tensors: readonly Value[]) => {
      logits = reshape(resnetLogits(layout, tensors, pixelsOf(options)), [rows * batchSize, classes]);
      const losses = crossEntropy(logits, input("targets", [rows * batchSize, classes]));
      const weighted = mul(losses, input("sampleWeights", [rows * batchSize, 1]));
      return reshape(reduceSum(reshape(weighted, [rows, batchSize]), [1]), [rows]);
    },
  };
  const found = lossesAndGradient(trained, input("parameters", [rows, layout.parameterCount]));
  return { ...found, logits: logits! };
}

/** The logits of trained networks, [rows, batchSize, classes], from `parameters` and `pixels`. */
export function resnetGraph(options: ResnetGraphOptions): { readonly logits: Value } {
  const { rows, layout } = options;
  const tensors = unpackResnet(layout, input("parameters", [rows, layout.parameterCount]));
  return { logits: resnetLogits(layout, tensors, pixelsOf(options)) };
}

function pixelsOf({ rows, batchSize, layout }: ResnetGraphOptions): Value {
  const { side } = layout.config;
  return input("pixels", [rows * batchSize, 3, side, side]);
}
