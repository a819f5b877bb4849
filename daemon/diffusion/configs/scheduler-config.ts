/**
 * scheduler_config.json of diffusers (0.42): the noise schedule, which every class shares, and what DDIM and
 * DPM-Solver++ need beside it. A file of one class can be read as another, as `from_config` of diffusers does. Pure.
 */
import type { ConfigFile } from "../../checkpoint/diffusers-folder.ts";
import { type ConfigReader, configReader } from "./config-reader.ts";

/** Classes whose files we can read; sampling knows the first two. */
export type SchedulerClass = (typeof schedulerClasses)[number];
const schedulerClasses = [
  "DDIMScheduler",
  "DPMSolverMultistepScheduler",
  "PNDMScheduler",
  "EulerDiscreteScheduler",
  "DDPMScheduler",
] as const;

export type BetaSchedule = "linear" | "scaled_linear" | "squaredcos_cap_v2";
export type PredictionType = "epsilon" | "v_prediction";
export type TimestepSpacing = "leading" | "trailing" | "linspace";

/** How noise grows over the training timesteps and what the network predicts: all that training needs. */
export type NoiseScheduleConfig = {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: BetaSchedule;
  readonly trainedBetas: null;
  readonly predictionType: PredictionType;
};

/** A scheduler file as far as all classes agree; `file` keeps the rest for the class that will sample. */
export type SchedulerConfig = NoiseScheduleConfig & { readonly className: SchedulerClass; readonly file: ConfigFile };

export type DdimConfig = NoiseScheduleConfig & {
  readonly timestepSpacing: TimestepSpacing;
  readonly stepsOffset: number;
  /** Past the last step the signal is whole (true), or as at timestep 0 (false). */
  readonly setAlphaToOne: boolean;
  /** Limit of the predicted clean sample; null: none. */
  readonly clipSampleRange: number | null;
};

export type DpmSolverConfig = NoiseScheduleConfig & {
  readonly timestepSpacing: TimestepSpacing;
  readonly stepsOffset: number;
  readonly algorithmType: "dpmsolver++";
  readonly solverOrder: 1 | 2 | 3;
  readonly solverType: "midpoint" | "heun";
  readonly lowerOrderFinal: boolean;
  readonly eulerAtFinal: boolean;
  readonly useKarrasSigmas: boolean;
  readonly finalSigmasType: "zero" | "sigma_min";
  /** Timesteps whose log signal-to-noise ratio lies below are left out; -Infinity: none. */
  readonly lambdaMinClipped: number;
};

/**
 * Read the part of a scheduler's file that all classes share.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readSchedulerConfig(file: ConfigFile): SchedulerConfig {
  const read = configReader(file);
  const className = read.choice("_class_name", schedulerClasses);
  const config = { className, file, ...readNoiseSchedule(read) };
  read.ignore([...ddimKeys, ...dpmSolverKeys, ...otherKeys]);
  read.finish();
  return config;
}

/**
 * Read a scheduler's file for DDIM, whatever class wrote it. An absent key has DDIM's own default, so `clip_sample` is
 * on unless the file says otherwise.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readDdimConfig(file: ConfigFile): DdimConfig {
  const read = configReader(file);
  const clipSample = read.boolean("clip_sample", true);
  const clipSampleRange = read.number("clip_sample_range", 1, { above: 0 });
  const config: DdimConfig = {
    ...readNoiseSchedule(read),
    timestepSpacing: read.choice("timestep_spacing", ["leading", "trailing", "linspace"], "leading"),
    stepsOffset: read.count("steps_offset", 0, 0),
    setAlphaToOne: read.boolean("set_alpha_to_one", true),
    clipSampleRange: clipSample ? clipSampleRange : null,
  };
  read.only("thresholding", [false]);
  read.ignore([...dpmSolverKeys, ...otherKeys]);
  read.finish();
  return config;
}

/**
 * Read a scheduler's file for DPM-Solver++, whatever class wrote it. An absent key has that solver's own default, so
 * the spacing is `linspace` unless the file says otherwise.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readDpmSolverConfig(file: ConfigFile): DpmSolverConfig {
  const read = configReader(file);
  const order = read.count("solver_order", 2);
  const lambdaMin = file.json.lambda_min_clipped ?? Number.NEGATIVE_INFINITY;
  const config: DpmSolverConfig = {
    ...readNoiseSchedule(read),
    timestepSpacing: read.choice("timestep_spacing", ["leading", "trailing", "linspace"], "linspace"),
    stepsOffset: read.count("steps_offset", 0, 0),
    algorithmType: read.choice("algorithm_type", ["dpmsolver++"], "dpmsolver++"),
    solverOrder: order === 1 || order === 2 || order === 3 ? order : read.refuse("solver_order", "1, 2 or 3"),
    solverType: read.choice("solver_type", ["midpoint", "heun"], "midpoint"),
    lowerOrderFinal: read.boolean("lower_order_final", true),
    eulerAtFinal: read.boolean("euler_at_final", false),
    useKarrasSigmas: read.boolean("use_karras_sigmas", false),
    finalSigmasType: read.choice("final_sigmas_type", ["zero", "sigma_min"], "zero"),
    lambdaMinClipped:
      lambdaMin === Number.NEGATIVE_INFINITY ? lambdaMin : read.number("lambda_min_clipped", Number.NEGATIVE_INFINITY),
  };
  if (config.useKarrasSigmas && config.finalSigmasType === "sigma_min") {
    // The last two sigmas would be equal, and the last step would divide by zero (as it does in diffusers).
    read.refuse("final_sigmas_type", '"zero" together with use_karras_sigmas');
  }
  read.only("thresholding", [false]);
  for (const key of ["variance_type", "sigma_min", "sigma_max"]) read.only(key, [null]);
  for (const key of otherSigmas) read.only(key, [false]);
  read.ignore([...ddimKeys, ...dpmSolverKeys, ...otherKeys]);
  read.finish();
  return config;
}

function readNoiseSchedule(read: ConfigReader): NoiseScheduleConfig {
  read.only("trained_betas", [null]);
  read.only("rescale_betas_zero_snr", [false]);
  const betaStart = read.number("beta_start", 0.0001, { above: 0 });
  const betaEnd = read.number("beta_end", 0.02, { above: 0 });
  if (1 <= betaStart) read.refuse("beta_start", "a number below 1");
  if (1 <= betaEnd) read.refuse("beta_end", "a number below 1");
  return {
    numTrainTimesteps: read.count("num_train_timesteps", 1000, 2),
    betaStart,
    betaEnd,
    betaSchedule: read.choice("beta_schedule", ["linear", "scaled_linear", "squaredcos_cap_v2"], "linear"),
    trainedBetas: null,
    predictionType: read.choice("prediction_type", ["epsilon", "v_prediction"], "epsilon"),
  };
}

/** Ways to place the sigmas that we do not do. */
const otherSigmas = [
  "use_beta_sigmas",
  "use_dynamic_shifting",
  "use_exponential_sigmas",
  "use_flow_sigmas",
  "use_lu_lambdas",
];

/** Keys that DDIM uses or refuses. */
const ddimKeys = [
  "clip_sample",
  "clip_sample_range",
  "set_alpha_to_one",
  "steps_offset",
  "thresholding",
  "timestep_spacing",
];

/** Keys that DPM-Solver++ uses or refuses and DDIM does not know. */
const dpmSolverKeys = [
  "algorithm_type",
  "euler_at_final",
  "final_sigmas_type",
  "lambda_min_clipped",
  "lower_order_final",
  "sigma_max",
  "sigma_min",
  "solver_order",
  "solver_type",
  "use_karras_sigmas",
  "variance_type",
  ...otherSigmas,
];

/**
 * Keys without meaning for DDIM and DPM-Solver++: some serve only a feature that we refuse (thresholding, flow sigmas),
 * the others belong to PNDM and Euler and stay in a file that was converted from one of those.
 */
const otherKeys = [
  "dynamic_thresholding_ratio",
  "flow_shift",
  "interpolation_type",
  "sample_max_value",
  "skip_prk_steps",
  "time_shift_type",
  "timestep_type",
];
