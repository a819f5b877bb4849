/**
 * PNDM as its linear multistep method alone, without the Runge-Kutta start (Liu et al. 2022, arXiv:2202.09778; PLMS in
 * the code of latent diffusion); timesteps and ends as in diffusers 0.42 (PNDMScheduler with `skip_prk_steps`).
 */
import type { PndmConfig } from "../configs/scheduler-config.ts";
import { buildNoiseSchedule } from "../noise-schedule.ts";
import type { Scheduler } from "./scheduler.ts";
import { spacedTimesteps } from "./timesteps.ts";

/**
 * Plan `steps` PNDM steps, which call the network `steps` + 1 times: the second timestep comes twice, first to correct
 * the step towards it. The caller has checked that the timesteps lie inside the training schedule.
 *
 * sample            x_t
 * modelOutput       e_theta(x_t, t), or v for v-prediction
 * outputs           e_t, e_(t+delta), ... of the paper, oldest first
 * combined          e'_t, the outputs as one
 * alphaCumprod      abar_t
 * stride            delta
 */
export function pndm(config: PndmConfig, steps: number): Scheduler {
  const { alphasCumprod, trainTimesteps } = buildNoiseSchedule(config);
  const timesteps = withSecondTwice(spacedTimesteps(config, steps));
  const stride = Math.floor(trainTimesteps / steps);
  const finalAlphaCumprod = config.setAlphaToOne ? 1 : (alphasCumprod[0] as number);
  const isVelocity = config.predictionType === "v_prediction";
  return {
    id: "pndm",
    timesteps,
    inputScales: timesteps.map(() => 1),
    sigmas: [],
    initNoiseSigma: 1,
    step: (state, stepIndex, modelOutput, sample) => {
      // 1. The second call looks back from where the first step led; it is averaged in, but not remembered.
      const isCorrection = stepIndex === 1;
      const timestep = (timesteps[stepIndex] as number) + (isCorrection ? stride : 0);
      const outputs = [...state.predictions, modelOutput].slice(-multistepWeights.length);
      const weights = isCorrection ? correctionWeights : (multistepWeights[outputs.length - 1] as readonly number[]);
      const start = isCorrection ? (state.start as Float32Array) : sample;
      // 2. From timestep to timestep - delta with the combined output (eq. 9).
      const alphaCumprod = alphasCumprod[timestep] as number;
      const factors = transferFactors(alphaCumprod, alphasCumprod[timestep - stride] ?? finalAlphaCumprod);
      const [signal, noise] = isVelocity ? [Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod)] : [1, 0];
      const next = start.map((value, index) => {
        let combined = 0;
        for (const [known, weight] of weights.entries()) {
          combined += weight * ((outputs[known] as Float32Array)[index] as number);
        }
        return factors.sample * value - factors.output * (signal * combined + noise * value);
      });
      const predictions = isCorrection ? state.predictions : outputs;
      return { sample: next, state: stepIndex === 0 ? { predictions, start: sample } : { predictions } };
    },
  };
}

/** Weights of one to four outputs, oldest first: the Adams-Bashforth formulas, the last one eq. 12. */
const multistepWeights: readonly (readonly number[])[] = [
  [1],
  [-1 / 2, 3 / 2],
  [5 / 12, -16 / 12, 23 / 12],
  [-9 / 24, 37 / 24, -59 / 24, 55 / 24],
];

/** The trapezoidal rule between the first timestep and the second. */
const correctionWeights: readonly number[] = [1 / 2, 1 / 2];

/** Eq. 9: the factors of x_t and of the noise on the way from abar to `nextAlphaCumprod`. */
function transferFactors(alphaCumprod: number, nextAlphaCumprod: number): { sample: number; output: number } {
  const divisor =
    alphaCumprod * Math.sqrt(1 - nextAlphaCumprod) + Math.sqrt(alphaCumprod * (1 - alphaCumprod) * nextAlphaCumprod);
  return {
    sample: Math.sqrt(nextAlphaCumprod / alphaCumprod),
    output: (nextAlphaCumprod - alphaCumprod) / divisor,
  };
}

function withSecondTwice(timesteps: readonly number[]): number[] {
  return [...timesteps.slice(0, 2), ...timesteps.slice(1)];
}
