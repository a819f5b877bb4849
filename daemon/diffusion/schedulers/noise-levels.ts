/** Noise levels sigma_t = sqrt((1 - abar_t) / abar_t), noise over signal, as DPM-Solver++ and Euler count them. Pure. */
import { linspace } from "./timesteps.ts";

/** The level of each training timestep, rising. */
export function trainingSigmas(alphasCumprod: Float64Array): number[] {
  return Array.from(alphasCumprod, (alpha) => Math.sqrt((1 - alpha) / alpha));
}

/** Karras et al. 2022 (arXiv:2206.00364), eq. 5 with rho = 7, from the largest sigma to the smallest. */
export function karrasSigmas(smallest: number, largest: number, steps: number): number[] {
  const rho = 7;
  const [from, to] = [largest ** (1 / rho), smallest ** (1 / rho)];
  return linspace(0, 1, steps).map((ramp) => (from + ramp * (to - from)) ** rho);
}

/** The timestep, fractions included, at which training had this noise level; interpolated in log sigma. */
export function timestepOfSigma(sigma: number, trainSigmas: readonly number[]): number {
  const above = trainSigmas.findIndex((other) => sigma < other);
  const high = above === -1 ? trainSigmas.length - 1 : Math.max(above, 1);
  const [low, top] = [Math.log(trainSigmas[high - 1] as number), Math.log(trainSigmas[high] as number)];
  const share = (Math.log(sigma) - low) / (top - low);
  return high - 1 + Math.min(Math.max(share, 0), 1);
}

/** The noise level at a timestep, fractions included; interpolated in sigma. NaN outside the training schedule. */
export function sigmaOfTimestep(timestep: number, trainSigmas: readonly number[]): number {
  const low = Math.floor(timestep);
  const [from, to] = [trainSigmas[low] ?? Number.NaN, trainSigmas[Math.ceil(timestep)] ?? Number.NaN];
  return from + (timestep - low) * (to - from);
}
