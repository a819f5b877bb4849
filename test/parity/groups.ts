/** The groups of arrays that this version computes; others are skipped by name. */
import { autoencoder, fusion, noise, sampling, schedules, text, training, unetForward } from "./networks.ts";
import { halfPrecision, velocityPrediction } from "./other-weights.ts";

export const groups = [
  text,
  unetForward,
  autoencoder,
  noise,
  training,
  fusion,
  sampling,
  schedules,
  velocityPrediction,
  halfPrecision,
] as const;
