/**
 * The forward process: how much noise and how much signal there is at each training timestep. Pure, float64.
 *
 * betas            beta_t        variance of the noise added at timestep t
 * alphasCumprod    abar_t        product of (1 - beta_s) for s = 0 ... t
 * signal           sqrt(abar_t)  factor of the clean latents   (alpha_t in DPM-Solver)
 * noise            sqrt(1 - abar_t)  factor of the noise       (sigma_t in DPM-Solver)
 */
import type { NoiseScheduleConfig } from "./configs/scheduler-config.ts";

export type NoiseSchedule = {
  readonly trainTimesteps: number;
  /** [trainTimesteps] */
  readonly betas: Float64Array;
  /** [trainTimesteps] */
  readonly alphasCumprod: Float64Array;
};

/**
 * The schedule that a config describes (diffusers 0.42, DDPMScheduler). diffusers computes it in float32; the
 * difference to this is below 5e-7 in `alphasCumprod`.
 */
export function buildNoiseSchedule(config: NoiseScheduleConfig): NoiseSchedule {
  const betas = buildBetas(config);
  let product = 1;
  const alphasCumprod = betas.map((beta) => {
    product *= 1 - beta;
    return product;
  });
  return { trainTimesteps: config.numTrainTimesteps, betas, alphasCumprod };
}

/**
 * Factors of signal and noise at one timestep: noisy = signal * latents + noise * noise (DDPM, eq. 4).
 * @throws RangeError when the training schedule has no such timestep
 */
export function signalAndNoise(
  schedule: NoiseSchedule,
  timestep: number,
): { readonly signal: number; readonly noise: number } {
  const alphaCumprod = schedule.alphasCumprod[timestep];
  if (alphaCumprod === undefined) {
    throw new RangeError(`timestep ${timestep} is not one of 0 ... ${schedule.trainTimesteps - 1}`);
  }
  return { signal: Math.sqrt(alphaCumprod), noise: Math.sqrt(1 - alphaCumprod) };
}

function buildBetas(config: NoiseScheduleConfig): Float64Array {
  const { numTrainTimesteps: count, betaStart, betaEnd } = config;
  const between = (start: number, end: number, index: number) => start + ((end - start) * index) / (count - 1);
  switch (config.betaSchedule) {
    case "linear":
      return Float64Array.from({ length: count }, (_, index) => between(betaStart, betaEnd, index));
    case "scaled_linear":
      // Linear in the square root (Rombach et al. 2022, the schedule of Stable Diffusion).
      return Float64Array.from(
        { length: count },
        (_, index) => between(Math.sqrt(betaStart), Math.sqrt(betaEnd), index) ** 2,
      );
    case "squaredcos_cap_v2":
      // Improved DDPM (Nichol and Dhariwal 2021), eq. 17, with beta at most 0.999.
      return Float64Array.from({ length: count }, (_, index) =>
        Math.min(1 - cosineAlphaBar((index + 1) / count) / cosineAlphaBar(index / count), 0.999),
      );
  }
}

/** abar as a function of time 0 ... 1 (Improved DDPM, eq. 17, with s = 0.008). */
function cosineAlphaBar(time: number): number {
  return Math.cos((((time + 0.008) / 1.008) * Math.PI) / 2) ** 2;
}
