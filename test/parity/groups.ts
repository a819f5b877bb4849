/** The groups of arrays of a reference case. */
import { autoencoder, fusion, noise, sampling, schedules, text, unetForward } from "./networks.ts";
import { halfPrecision, velocityPrediction } from "./other-weights.ts";
import { joint, training } from "./training.ts";

export const groups = [
  text,
  unetForward,
  autoencoder,
  noise,
  training,
  joint,
  fusion,
  sampling,
  schedules,
  velocityPrediction,
  halfPrecision,
] as const;
