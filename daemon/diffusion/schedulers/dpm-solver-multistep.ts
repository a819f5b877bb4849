/**
 * DPM-Solver++ as a multistep method of order 1 to 3 (Lu et al. 2022, arXiv:2211.01095), deterministic;
 * timesteps, ends and lower orders as in diffusers 0.42 (DPMSolverMultistepScheduler).
 */
import type { DpmSolverConfig } from "../configs/scheduler-config.ts";
import { buildNoiseSchedule } from "../noise-schedule.ts";
import { karrasSigmas, timestepOfSigma, trainingSigmas } from "./noise-levels.ts";
import type { Scheduler } from "./scheduler.ts";
import { linspace, roundHalfEven, trailingTimesteps } from "./timesteps.ts";

/**
 * Plan `steps` steps of DPM-Solver++. The caller has checked that the timesteps lie inside the training schedule.
 *
 * sigmas            sigma_t / alpha_t of the paper: noise over signal
 * level.signal      alpha_t
 * level.noise       sigma_t
 * level.logRatio    lambda_t = log(alpha_t / sigma_t)
 * predictions       D of the paper: x_theta, the predicted clean sample, at this and earlier steps
 */
export function dpmSolverMultistep(config: DpmSolverConfig, steps: number): Scheduler {
  const { timesteps, sigmas } = planNoiseLevels(config, steps);
  const levels = sigmas.map(levelOf);
  const isVelocity = config.predictionType === "v_prediction";
  return {
    id: "dpm-solver++",
    timesteps,
    inputScales: timesteps.map(() => 1),
    sigmas,
    initNoiseSigma: 1,
    step: (state, stepIndex, modelOutput, sample) => {
      // 1. From the network's output to the clean sample it implies (section 3 of the paper, data prediction).
      const { signal, noise } = levels[stepIndex] as Level;
      const clean = sample.map((value, index) => {
        const output = modelOutput[index] as number;
        return isVelocity ? signal * value - noise * output : (value - noise * output) / signal;
      });
      const predictions = [...state.predictions, clean].slice(-config.solverOrder);
      // 2. As many earlier predictions as the order asks for and the end allows.
      const order = orderAt(config, stepIndex, steps, predictions.length);
      const near = levels.slice(stepIndex + 1 - order, stepIndex + 2);
      return { sample: advance(sample, predictions.slice(-order), near, config.solverType), state: { predictions } };
    },
  };
}

type Level = { readonly signal: number; readonly noise: number; readonly logRatio: number };

function levelOf(sigma: number): Level {
  const signal = 1 / Math.sqrt(sigma * sigma + 1);
  // At sigma 0 the log ratio is infinite and every exp(-h) below is 0, as it should be.
  return { signal, noise: sigma * signal, logRatio: -Math.log(sigma) };
}

/** The first steps lack a history, the last ones are unstable at high order when steps are few. */
function orderAt(config: DpmSolverConfig, stepIndex: number, steps: number, known: number): 1 | 2 | 3 {
  const isShort = config.lowerOrderFinal && steps < 15;
  const isLast = stepIndex === steps - 1;
  if (isLast && (config.eulerAtFinal || isShort || config.finalSigmasType === "zero")) return 1;
  const isSecondLast = stepIndex === steps - 2;
  const wanted = isSecondLast && isShort ? Math.min(config.solverOrder, 2) : config.solverOrder;
  return Math.min(wanted, known) as 1 | 2 | 3;
}

/**
 * x_t from x_s and the predictions D at s and before.
 * @param predictions oldest first, the last one at s; as many as the order
 * @param levels noise levels at those times, then at t
 */
function advance(
  sample: Float32Array,
  predictions: readonly Float32Array[],
  levels: readonly Level[],
  solverType: DpmSolverConfig["solverType"],
): Float32Array {
  const target = levels.at(-1) as Level;
  const source = levels.at(-2) as Level;
  const weights = predictionWeights(levels, solverType);
  const keep = target.noise / source.noise;
  return sample.map((value, index) => {
    let next = keep * value;
    for (let known = 0; known < predictions.length; known += 1) {
      next += (weights[known] as number) * ((predictions[known] as Float32Array)[index] as number);
    }
    return next;
  });
}

/**
 * The factor of each prediction, oldest first. With h = lambda_t - lambda_s and phi_1 = e^-h - 1:
 *   order 1   -alpha_t phi_1 D0                                                             (eq. 4.1, DDIM)
 *   order 2   ... - alpha_t phi_1 / 2 D1   (midpoint, Algorithm 2)  or  + alpha_t (phi_1 / h + 1) D1   (heun)
 *   order 3   ... + alpha_t (phi_1 / h + 1) D1 - alpha_t ((phi_1 + h) / h^2 - 1/2) D2      (appendix B)
 * where D1, D2 are divided differences of the predictions in lambda, scaled by h.
 */
function predictionWeights(levels: readonly Level[], solverType: DpmSolverConfig["solverType"]): number[] {
  const order = levels.length - 1;
  const lambdas = levels.map((level) => level.logRatio).reverse();
  // Those beyond the order are undefined, and not used.
  const [target, source, older, oldest] = lambdas as [number, number, number, number];
  const h = target - source;
  const alpha = (levels.at(-1) as Level).signal;
  const phi1 = Math.expm1(-h);
  const first = -alpha * phi1;
  if (order === 1) return [first];
  const heun = alpha * (phi1 / h + 1);
  const r0 = (source - older) / h;
  if (order === 2) {
    const slope = (solverType === "midpoint" ? -0.5 * alpha * phi1 : heun) / r0;
    return [-slope, first + slope];
  }
  const r1 = (older - oldest) / h;
  const curve = -alpha * ((phi1 + h) / (h * h) - 0.5);
  // D1 = d0 + r0 / (r0 + r1) (d0 - d1) and D2 = (d0 - d1) / (r0 + r1), with d0 = (D(s) - D(s1)) / r0 and so on.
  const ofD0 = heun + (heun * r0 + curve) / (r0 + r1);
  const ofD1 = -(heun * r0 + curve) / (r0 + r1);
  return [-ofD1 / r1, ofD1 / r1 - ofD0 / r0, first + ofD0 / r0];
}

function planNoiseLevels(config: DpmSolverConfig, steps: number): { timesteps: number[]; sigmas: number[] } {
  const trainSigmas = trainingSigmas(buildNoiseSchedule(config).alphasCumprod);
  const last = config.finalSigmasType === "zero" ? 0 : (trainSigmas[0] as number);
  if (config.useKarrasSigmas) {
    const sigmas = karrasSigmas(trainSigmas[0] as number, trainSigmas.at(-1) as number, steps);
    const exact = sigmas.map((sigma) => timestepOfSigma(sigma, trainSigmas));
    const timesteps = exact.map(config.betaSchedule === "squaredcos_cap_v2" ? Math.trunc : roundHalfEven);
    return { timesteps, sigmas: [...sigmas, last] };
  }
  const timesteps = dpmSolverTimesteps(config, steps, trainSigmas);
  return { timesteps, sigmas: [...timesteps.map((timestep) => trainSigmas[timestep] ?? Number.NaN), last] };
}

function dpmSolverTimesteps(config: DpmSolverConfig, steps: number, trainSigmas: readonly number[]): number[] {
  const { timestepSpacing, numTrainTimesteps, stepsOffset, lambdaMinClipped } = config;
  const end = trainSigmas.filter((sigma) => lambdaMinClipped <= -Math.log(sigma)).length;
  switch (timestepSpacing) {
    case "linspace":
      return linspace(0, end - 1, steps + 1)
        .map(roundHalfEven)
        .reverse()
        .slice(0, -1);
    case "leading": {
      const stride = Math.floor(end / (steps + 1));
      return Array.from({ length: steps }, (_, index) => (steps - index) * stride + stepsOffset);
    }
    case "trailing":
      return trailingTimesteps(end, numTrainTimesteps / steps, steps);
  }
}
