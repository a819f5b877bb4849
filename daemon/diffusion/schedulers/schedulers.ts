/** Chooses and plans the scheduler: the one a model's file names, or the one the user asks for instead. */
import { loftError, unreachable } from "../../base/errors.ts";
import {
  readDdimConfig,
  readDpmSolverConfig,
  readEulerConfig,
  readPndmConfig,
  type SchedulerConfig,
} from "../configs/scheduler-config.ts";
import { ddim } from "./ddim.ts";
import { dpmSolverMultistep } from "./dpm-solver-multistep.ts";
import { eulerDiscrete } from "./euler-discrete.ts";
import { pndm } from "./pndm.ts";
import type { Scheduler, SchedulerId } from "./scheduler.ts";

/**
 * Plan `steps` sampling steps.
 * An override reads the model's file as another scheduler's, as diffusers' `from_config` does with a loaded model: keys
 * that stand in the file are kept, absent ones take the other scheduler's own defaults.
 * @param override undefined: the scheduler that the file names
 * @throws LoftError "model-config-unsupported" when the file names a scheduler we do not sample with, or asks for
 *   something we do not do; "config-invalid" when `steps` does not fit the training schedule
 */
export function createScheduler(config: SchedulerConfig, override: SchedulerId | undefined, steps: number): Scheduler {
  const id = override ?? ownScheduler(config);
  if (!Number.isSafeInteger(steps) || steps < 1 || config.numTrainTimesteps < steps) throw badSteps(config, steps);
  const scheduler = planScheduler(id, config, steps);
  const inSchedule = scheduler.timesteps.every((timestep) => 0 <= timestep && timestep < config.numTrainTimesteps);
  const falls = scheduler.sigmas.every((sigma, index) => {
    const before = scheduler.sigmas[index - 1] ?? Number.POSITIVE_INFINITY;
    // Euler may stand still (the last step of "sigma_min"), DPM-Solver++ would divide by zero.
    return sigma < before || (sigma === before && id === "euler");
  });
  if (!inSchedule || !falls) throw badSteps(config, steps);
  return scheduler;
}

function planScheduler(id: SchedulerId, config: SchedulerConfig, steps: number): Scheduler {
  switch (id) {
    case "ddim":
      return ddim(readDdimConfig(config.file), steps);
    case "pndm":
      return pndm(readPndmConfig(config.file), steps);
    case "dpm-solver++":
      return dpmSolverMultistep(readDpmSolverConfig(config.file), steps);
    case "euler":
      return eulerDiscrete(readEulerConfig(config.file), steps);
    default:
      return unreachable(id);
  }
}

function ownScheduler(config: SchedulerConfig): SchedulerId {
  switch (config.className) {
    case "DDIMScheduler":
      return "ddim";
    case "PNDMScheduler":
      return "pndm";
    case "DPMSolverMultistepScheduler":
      return "dpm-solver++";
    case "EulerDiscreteScheduler":
      return "euler";
    case "DDPMScheduler":
      throw loftError("model-config-unsupported", {
        what: `${config.file.path} names the scheduler ${config.className}, which this version does not sample with.`,
        fix: 'Choose the scheduler "ddim", "pndm", "dpm-solver++" or "euler" in the configuration.',
      });
  }
}

function badSteps(config: SchedulerConfig, steps: number) {
  return loftError("config-invalid", {
    what: `${steps} inference steps do not fit the model's ${config.numTrainTimesteps} training timesteps.`,
    fix: "Ask for fewer steps; 20 to 50 are usual.",
  });
}
