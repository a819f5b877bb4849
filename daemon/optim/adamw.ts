/** AdamW (Loshchilov & Hutter 2019, algorithm 2), as graph operations; pure. */
import type { Value } from "../engine/graph/value.ts";
import { add, div, mul, sqrt, square, sub } from "../engine/ops/elementwise.ts";

/** Constant over a training. */
export type AdamWConfig = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
};

/** Parameters and the running means of gradient and squared gradient, all of one shape. */
export type AdamWState = { readonly parameters: Value; readonly firstMoment: Value; readonly secondMoment: Value };

/** What changes from step to step; each broadcasts to the parameters. */
export type AdamWRates = {
  readonly learningRate: Value;
  /** 1 - beta1^step, with step counted from 1; and the same of beta2. */
  readonly biasCorrection1: Value;
  readonly biasCorrection2: Value;
};

/**
 * One update:
 *   p <- p (1 - lr decay);  m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
 *   p <- p - lr / c1 * m / (sqrt(v) / sqrt(c2) + epsilon)       (the order PyTorch's AdamW uses)
 */
export function adamWUpdate(config: AdamWConfig, state: AdamWState, gradient: Value, rates: AdamWRates): AdamWState {
  const { beta1, beta2, epsilon, weightDecay } = config;
  const { learningRate, biasCorrection1, biasCorrection2 } = rates;
  const decayed = mul(state.parameters, sub(1, mul(learningRate, weightDecay)));
  const firstMoment = add(mul(state.firstMoment, beta1), mul(gradient, 1 - beta1));
  const secondMoment = add(mul(state.secondMoment, beta2), mul(square(gradient), 1 - beta2));
  const denominator = add(div(sqrt(secondMoment), sqrt(biasCorrection2)), epsilon);
  const stepSize = div(learningRate, biasCorrection1);
  return { parameters: sub(decayed, mul(stepSize, div(firstMoment, denominator))), firstMoment, secondMoment };
}

/** The bias corrections of step `step` (1, 2, ...), on the host. */
export function biasCorrections({ beta1, beta2 }: AdamWConfig, step: number): readonly [number, number] {
  return [1 - beta1 ** step, 1 - beta2 ** step];
}
