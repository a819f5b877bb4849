/** Learning rates over a training; pure. Names and values are those of diffusers' `get_scheduler`. */
import { unreachable } from "../base/errors.ts";

export type LrScheduleName = "cosine" | "constant_with_warmup" | "linear";

export type LrSchedule = {
  readonly name: LrScheduleName;
  readonly learningRate: number;
  /** The rate rises linearly from 0 over this many steps. */
  readonly warmupSteps: number;
  /** Steps in all; cosine and linear reach 0 there. */
  readonly steps: number;
};

/** The rate used in step `step`, counted from 0. */
export function learningRateAt({ name, learningRate, warmupSteps, steps }: LrSchedule, step: number): number {
  if (step < warmupSteps) return (learningRate * step) / Math.max(1, warmupSteps);
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  switch (name) {
    case "constant_with_warmup":
      return learningRate;
    case "linear":
      return learningRate * Math.max(0, 1 - progress);
    case "cosine":
      return learningRate * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
    default:
      return unreachable(name);
  }
}
