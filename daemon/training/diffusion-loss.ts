/** The loss of denoising, as a graph: noise the latents, predict, compare. */
import { unreachable } from "../base/errors.ts";
import type { PredictionType } from "../diffusion/configs/scheduler-config.ts";
import type { Value } from "../engine/graph/value.ts";
import { add, mul, square, sub } from "../engine/ops/elementwise.ts";
import { reshape } from "../engine/ops/movement.ts";
import { reduceMean } from "../engine/ops/reduction.ts";

export type NoisedLatents = {
  /** Clean latents times the scaling factor, and noise of the same shape [batch, channels, height, width]. */
  readonly latents: Value;
  readonly noise: Value;
  /** sqrt(abar_t) and sqrt(1 - abar_t) of each row, [batch, 1, 1, 1]. */
  readonly signalScale: Value;
  readonly noiseScale: Value;
};

/** sqrt(abar_t) latents + sqrt(1 - abar_t) noise (Ho et al. 2020, eq. 4). */
export function addNoise({ latents, noise, signalScale, noiseScale }: NoisedLatents): Value {
  return add(mul(signalScale, latents), mul(noiseScale, noise));
}

/** What the network should say: the noise, or the velocity sqrt(abar) noise - sqrt(1 - abar) latents (Salimans & Ho 2022). */
export function trainingTarget(noised: NoisedLatents, predictionType: PredictionType): Value {
  switch (predictionType) {
    case "epsilon":
      return noised.noise;
    case "v_prediction":
      return sub(mul(noised.signalScale, noised.noise), mul(noised.noiseScale, noised.latents));
    default:
      return unreachable(predictionType);
  }
}

/** Mean squared error of each row, [batch]. */
export function rowwiseLoss(prediction: Value, target: Value): Value {
  return reshape(reduceMean(square(sub(prediction, target)), [1, 2, 3]), [prediction.shape[0]!]);
}
