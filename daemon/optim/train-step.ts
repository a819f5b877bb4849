/** One whole training step as a graph: forward, loss, backward, clip and AdamW, from state to state. */
import { gradients } from "../engine/autodiff/vjp.ts";
import { input, type Value } from "../engine/graph/value.ts";
import { add, mul } from "../engine/ops/elementwise.ts";
import { concat, reshape, slice } from "../engine/ops/movement.ts";
import { reduceSum } from "../engine/ops/reduction.ts";
import { type AdamWConfig, adamWUpdate } from "./adamw.ts";
import { clipGradNorm } from "./clip-grad-norm.ts";

/** What is trained, and by which loss. */
export type TrainedRows = {
  /** Independent trainings in one batch. */
  readonly rows: number;
  readonly parameterCount: number;
  /** Cut packed parameters [rows, parameterCount] into the tensors that the loss uses, in packed order, each [rows, ...]. */
  readonly unpack: (packed: Value) => readonly Value[];
  /** The loss of each row, [rows], from those tensors. */
  readonly loss: (tensors: readonly Value[]) => Value;
};

export type TrainStepOptions = TrainedRows & {
  readonly adamW: AdamWConfig;
  readonly maxGradNorm: number;
  /**
   * Runs that one step is cut into to need less memory. Each adds its share to the input `gradientSoFar`
   * [rows, parameterCount], zero at first; the outputs of the last are the step's, its losses excepted.
   */
  readonly parts?: number;
};

/** Outputs of the step; the first three are fed back as the inputs of the same names without "next". */
export type TrainStepOutputs = {
  readonly nextParameters: Value;
  readonly nextFirstMoment: Value;
  readonly nextSecondMoment: Value;
  /** [rows] */
  readonly losses: Value;
  /** Norms before clipping, [rows, 1]. */
  readonly gradNorms: Value;
  /** Before clipping, [rows, parameterCount]; of all parts so far. */
  readonly gradient: Value;
};

/**
 * Inputs: `parameters`, `firstMoment`, `secondMoment`, each [rows, parameterCount]; `rates` [rows, 3] with learning
 * rate, 1 - beta1^step and 1 - beta2^step; and whatever the loss takes.
 */
export function buildTrainStep(options: TrainStepOptions): TrainStepOutputs {
  const { rows, parameterCount, parts = 1 } = options;
  const parameters = input("parameters", [rows, parameterCount]);
  const { losses, gradient: own } = lossesAndGradient(options, parameters);
  const sofar = () => input("gradientSoFar", [rows, parameterCount]);
  const gradient = parts === 1 ? own : add(sofar(), mul(own, 1 / parts));
  return updateOutputs(options, { parameters, losses, gradient });
}

/**
 * The end of a training step whose gradients were computed apart, in shares (`summedShares`). Further inputs are those
 * of the state and `rates`.
 */
export function buildUpdate(options: Update & { readonly shares: number }): TrainStepOutputs {
  const { rows, parameterCount } = options;
  return updateOutputs(options, { parameters: input("parameters", [rows, parameterCount]), ...summedShares(options) });
}

/**
 * Losses [rows] and gradients [rows, parameterCount]: the shares of each row added up in their order.
 * Inputs: `shareLosses` [rows * shares] and `shareGradients` [rows * shares, parameterCount], those of a row one after
 * the other.
 */
export function summedShares({ rows, parameterCount, shares }: Record<"rows" | "parameterCount" | "shares", number>): {
  readonly losses: Value;
  readonly gradient: Value;
} {
  const losses = reshape(input("shareLosses", [rows * shares]), [rows, shares]);
  const gradients = reshape(input("shareGradients", [rows * shares, parameterCount]), [rows, shares, parameterCount]);
  return {
    losses: reshape(reduceSum(losses, [1]), [rows]),
    gradient: reshape(reduceSum(gradients, [1]), [rows, parameterCount]),
  };
}

type Update = Pick<TrainStepOptions, "rows" | "parameterCount" | "adamW" | "maxGradNorm">;

/** Clip and AdamW. */
function updateOutputs(
  { rows, parameterCount, adamW, maxGradNorm }: Update,
  { parameters, losses, gradient }: Record<"parameters" | "losses" | "gradient", Value>,
): TrainStepOutputs {
  const state = (name: string) => input(name, [rows, parameterCount]);
  const { clipped, norm } = clipGradNorm(gradient, maxGradNorm);
  const rates = input("rates", [rows, 3]);
  const [learningRate, biasCorrection1, biasCorrection2] = [0, 1, 2].map((column) =>
    slice(rates, 1, column, column + 1),
  );
  const next = adamWUpdate(
    adamW,
    { parameters, firstMoment: state("firstMoment"), secondMoment: state("secondMoment") },
    clipped,
    { learningRate: learningRate!, biasCorrection1: biasCorrection1!, biasCorrection2: biasCorrection2! },
  );
  return {
    nextParameters: next.parameters,
    nextFirstMoment: next.firstMoment,
    nextSecondMoment: next.secondMoment,
    losses,
    gradNorms: norm,
    gradient,
  };
}

/** Forward and backward: losses [rows], and their gradient to the packed parameters, [rows, parameterCount]. */
export function lossesAndGradient(
  { rows, unpack, loss }: Omit<TrainedRows, "parameterCount">,
  parameters: Value,
): { readonly losses: Value; readonly gradient: Value } {
  const tensors = unpack(parameters);
  const losses = loss(tensors);
  const parts = gradients(losses, tensors).map((value) => reshape(value, [rows, rowSize(value)]));
  return { losses, gradient: concat(parts, 1) };
}

function rowSize({ shape }: Value): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}
