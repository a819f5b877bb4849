/** DDIM (Song, Meng, Ermon 2020, arXiv:2010.02502) without noise (eta = 0), timesteps and ends as in diffusers 0.42. */
import type { DdimConfig } from "../configs/scheduler-config.ts";
import { buildNoiseSchedule } from "../noise-schedule.ts";
import { initialState, linspace, roundHalfEven, type Scheduler } from "./scheduler.ts";

/**
 * Plan `steps` DDIM steps. The caller has checked that the timesteps lie inside the training schedule.
 *
 * sample            x_t
 * modelOutput       epsilon_theta(x_t, t), or v for v-prediction
 * cleanSample       "predicted x_0" of eq. 12
 * noise             epsilon_theta
 * alphaCumprod      alpha_t of the paper (abar_t elsewhere)
 */
export function ddim(config: DdimConfig, steps: number): Scheduler {
  const { alphasCumprod, trainTimesteps } = buildNoiseSchedule(config);
  const timesteps = ddimTimesteps(config, steps);
  const stride = Math.floor(trainTimesteps / steps);
  const finalAlphaCumprod = config.setAlphaToOne ? 1 : (alphasCumprod[0] as number);
  const limit = config.clipSampleRange ?? Number.POSITIVE_INFINITY;
  const isVelocity = config.predictionType === "v_prediction";
  return {
    id: "ddim",
    timesteps,
    sigmas: [],
    initNoiseSigma: 1,
    step: (_, stepIndex, modelOutput, sample) => {
      const timestep = timesteps[stepIndex] as number;
      // 1. Signal and noise here and at the timestep to go to.
      const alphaCumprod = alphasCumprod[timestep] as number;
      const nextAlphaCumprod = alphasCumprod[timestep - stride] ?? finalAlphaCumprod;
      const [signal, spread] = [Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod)];
      const [nextSignal, nextSpread] = [Math.sqrt(nextAlphaCumprod), Math.sqrt(1 - nextAlphaCumprod)];
      const next = sample.map((value, index) => {
        const output = modelOutput[index] as number;
        // 2. Predicted x_0 (eq. 12, first term) and the noise it implies.
        const cleanSample = isVelocity ? signal * value - spread * output : (value - spread * output) / signal;
        const noise = isVelocity ? signal * output + spread * value : output;
        const clipped = Math.min(Math.max(cleanSample, -limit), limit);
        // 3. Towards x_0 and back out along the noise (eq. 12 with sigma_t = 0).
        return nextSignal * clipped + nextSpread * noise;
      });
      return { sample: next, state: initialState };
    },
  };
}

/** Table 2 of Lin et al. 2023 (arXiv:2305.08891), computed as diffusers does, to the last rounding. */
function ddimTimesteps({ timestepSpacing, numTrainTimesteps, stepsOffset }: DdimConfig, steps: number): number[] {
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
