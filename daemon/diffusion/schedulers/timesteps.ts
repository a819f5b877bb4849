/** Which timesteps a sampler visits: Table 2 of Lin et al. 2023 (arXiv:2305.08891), to diffusers' last rounding. Pure. */
import type { SpacingConfig } from "../configs/scheduler-config.ts";

/** `steps` integer timesteps, falling; those of "leading" may end beyond the training schedule, for the caller to check. */
export function spacedTimesteps(
  { timestepSpacing, numTrainTimesteps, stepsOffset }: SpacingConfig,
  steps: number,
): number[] {
  switch (timestepSpacing) {
    case "linspace":
      return linspace(0, numTrainTimesteps - 1, steps)
        .map(roundHalfEven)
        .reverse();
    case "leading": {
      const stride = Math.floor(numTrainTimesteps / steps);
      return Array.from({ length: steps }, (_, index) => (steps - 1 - index) * stride + stepsOffset);
    }
    case "trailing":
      return trailingTimesteps(numTrainTimesteps, numTrainTimesteps / steps, steps);
  }
}

/** `steps` timesteps down from `last - 1`, `stride` apart; the increments are those of numpy.arange. */
export function trailingTimesteps(last: number, stride: number, steps: number): number[] {
  const increment = last - stride - last;
  return Array.from({ length: steps }, (_, index) => roundHalfEven(last + index * increment) - 1);
}

/** Round to the nearest integer, ties to even, as NumPy does; Math.round takes ties up. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction < 0.5) return floor;
  if (0.5 < fraction) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** `count` numbers from start to end, both included, in float64 as numpy.linspace computes them. */
export function linspace(start: number, end: number, count: number): number[] {
  const step = (end - start) / (count - 1);
  return Array.from({ length: count }, (_, index) => {
    if (index === 0) return start;
    return index === count - 1 ? end : start + index * step;
  });
}
