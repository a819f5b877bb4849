/** Stochastic gradient descent with momentum (Polyak 1964; Sutskever et al. 2013), as graph operations; pure. */
import { input, type Value } from "../engine/graph/value.ts";
import { add, mul, sub } from "../engine/ops/elementwise.ts";
import { summedShares } from "./train-step.ts";

/** Constant over a training. */
export type SgdConfig = {
  readonly momentum: number;
  /** Added to the gradient, times the parameters. */
  readonly weightDecay: number;
};

/** Parameters and the running sum of gradients, of one shape. */
export type SgdState = { readonly parameters: Value; readonly velocity: Value };

/**
 * One update, as PyTorch's SGD without dampening does it:
 *   v <- momentum v + g + decay p;  p <- p - lr v
 */
export function sgdUpdate(
  { momentum, weightDecay }: SgdConfig,
  { parameters, velocity }: SgdState,
  gradient: Value,
  learningRate: Value,
): SgdState {
  const next = add(mul(velocity, momentum), add(gradient, mul(parameters, weightDecay)));
  return { parameters: sub(parameters, mul(learningRate, next)), velocity: next };
}

/** The first two are fed back as the inputs of the same names without "next"; losses [rows]. */
export type SgdUpdateOutputs = {
  readonly nextParameters: Value;
  readonly nextVelocity: Value;
  readonly losses: Value;
  /** [rows, parameterCount] */
  readonly gradient: Value;
};

/**
 * The end of a training step whose gradients were computed apart, in shares (`summedShares`). Further inputs:
 * `parameters` and `velocity`, each [rows, parameterCount]; `learningRate` [rows, 1].
 */
export function buildSgdUpdate(options: {
  readonly rows: number;
  readonly parameterCount: number;
  readonly shares: number;
  readonly sgd: SgdConfig;
}): SgdUpdateOutputs {
  const { rows, parameterCount, sgd } = options;
  const parameters = input("parameters", [rows, parameterCount]);
  const velocity = input("velocity", [rows, parameterCount]);
  const { losses, gradient } = summedShares(options);
  const next = sgdUpdate(sgd, { parameters, velocity }, gradient, input("learningRate", [rows, 1]));
  return { nextParameters: next.parameters, nextVelocity: next.velocity, losses, gradient };
}
