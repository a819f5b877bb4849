/**
 * Euler's method in the noise level, deterministic (Karras et al. 2022, arXiv:2206.00364, Algorithm 2 without churn and
 * without its second-order correction); timesteps, fractions included, as in diffusers 0.42 (EulerDiscreteScheduler).
 */
import type { EulerConfig } from "../configs/scheduler-config.ts";
import { buildNoiseSchedule } from "../noise-schedule.ts";
import { karrasSigmas, sigmaOfTimestep, timestepOfSigma, trainingSigmas } from "./noise-levels.ts";
import { initialState, type Scheduler } from "./scheduler.ts";
import { linspace, spacedTimesteps } from "./timesteps.ts";

/**
 * Plan `steps` Euler steps. The caller has checked that the timesteps lie inside the training schedule.
 *
 * sample            x of the paper: clean latents + sigma * noise, so its variance grows with sigma
 * signal            sqrt(abar) = 1 / sqrt(sigma^2 + 1); signal * sample is what the network was trained on
 * modelOutput       the noise epsilon_theta, or v for v-prediction
 * derivative        d_i = dx / dsigma, which is the predicted noise
 */
export function eulerDiscrete(config: EulerConfig, steps: number): Scheduler {
  const { timesteps, sigmas } = planNoiseLevels(config, steps);
  const signals = sigmas.map((sigma) => 1 / Math.sqrt(sigma * sigma + 1));
  const isVelocity = config.predictionType === "v_prediction";
  const largest = Math.max(...sigmas);
  return {
    id: "euler",
    timesteps,
    inputScales: signals.slice(0, -1),
    sigmas,
    // As diffusers has it: with leading spacing the spread of x at the first level, otherwise that of its noise alone.
    initNoiseSigma: config.timestepSpacing === "leading" ? Math.sqrt(largest * largest + 1) : largest,
    step: (_, stepIndex, modelOutput, sample) => {
      const [sigma, nextSigma] = [sigmas[stepIndex] as number, sigmas[stepIndex + 1] as number];
      const signal = signals[stepIndex] as number;
      const next = sample.map((value, index) => {
        const output = modelOutput[index] as number;
        // 1. The noise that the output implies is the slope of x over sigma (line 4).
        const derivative = isVelocity ? signal * output + sigma * signal * signal * value : output;
        // 2. Along it to the next noise level (line 5).
        return value + (nextSigma - sigma) * derivative;
      });
      return { sample: next, state: initialState };
    },
  };
}

function planNoiseLevels(config: EulerConfig, steps: number): { timesteps: number[]; sigmas: number[] } {
  const trainSigmas = trainingSigmas(buildNoiseSchedule(config).alphasCumprod);
  const last = config.finalSigmasType === "zero" ? 0 : (trainSigmas[0] as number);
  const timesteps = eulerTimesteps(config, steps);
  const sigmas = timesteps.map((timestep) => sigmaOfTimestep(timestep, trainSigmas));
  if (!config.useKarrasSigmas) return { timesteps, sigmas: [...sigmas, last] };
  const spread = karrasSigmas(sigmas.at(-1) as number, sigmas[0] as number, steps);
  return {
    timesteps: spread.map((sigma) => Math.fround(timestepOfSigma(sigma, trainSigmas))),
    sigmas: [...spread, last],
  };
}

/** As DDIM's, but with fractions where those are rounded; float32, as the network gets them. */
function eulerTimesteps(config: EulerConfig, steps: number): number[] {
  if (config.timestepSpacing !== "linspace") return spacedTimesteps(config, steps);
  return linspace(0, config.numTrainTimesteps - 1, steps)
    .map(Math.fround)
    .reverse();
}
