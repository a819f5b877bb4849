/** DDIM (Song, Meng, Ermon 2020, arXiv:2010.02502) without noise (eta = 0), timesteps and ends as in diffusers 0.42. */
import type { DdimConfig } from "../configs/scheduler-config.ts";
import { buildNoiseSchedule } from "../noise-schedule.ts";
import { initialState, type Scheduler } from "./scheduler.ts";
import { spacedTimesteps } from "./timesteps.ts";

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
  const timesteps = spacedTimesteps(config, steps);
  const stride = Math.floor(trainTimesteps / steps);
  const finalAlphaCumprod = config.setAlphaToOne ? 1 : (alphasCumprod[0] as number);
  const limit = config.clipSampleRange ?? Number.POSITIVE_INFINITY;
  const isVelocity = config.predictionType === "v_prediction";
  return {
    id: "ddim",
    timesteps,
    inputScales: timesteps.map(() => 1),
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
