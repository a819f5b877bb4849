/**
 * scheduler_config.json of diffusers (0.42): the noise schedule, which every class shares, and what DDIM, PNDM,
 * DPM-Solver++ and Euler need beside it. A file of one class can be read as another, as `from_config` of diffusers does. Pure.
 */
import type { ConfigFile } from "../../checkpoint/diffusers-folder.ts";
import { type ConfigReader, configReader } from "./config-reader.ts";

/** Classes whose files we can read; sampling knows all but the last, which is for training. */
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

/** Where the timesteps of a sampler lie in the training schedule. */
export type SpacingConfig = NoiseScheduleConfig & {
  readonly timestepSpacing: TimestepSpacing;
  readonly stepsOffset: number;
};

export type DdimConfig = SpacingConfig & {
  /** Past the last step the signal is whole (true), or as at timestep 0 (false). */
  readonly setAlphaToOne: boolean;
  /** Limit of the predicted clean sample; null: none. */
  readonly clipSampleRange: number | null;
};

export type PndmConfig = SpacingConfig & {
  /** As for DDIM. */
  readonly setAlphaToOne: boolean;
};

export type EulerConfig = SpacingConfig & {
  readonly useKarrasSigmas: boolean;
  readonly finalSigmasType: "zero" | "sigma_min";
};

export type DpmSolverConfig = SpacingConfig & {
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
  read.ignore(knownKeys);
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
    ...readSpacing(read, "leading"),
    setAlphaToOne: read.boolean("set_alpha_to_one", true),
    clipSampleRange: clipSample ? clipSampleRange : null,
  };
  read.only("thresholding", [false]);
  read.ignore(knownKeys);
  read.finish();
  return config;
}

/**
 * Read a scheduler's file for PNDM, whatever class wrote it. Only the variant without a Runge-Kutta start is built, the
 * one that all published files ask for; a PNDM file that does not ask for it means the other one and is refused, a file
 * of another class has no say in it.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readPndmConfig(file: ConfigFile): PndmConfig {
  const read = configReader(file);
  const skips = read.boolean("skip_prk_steps", file.json._class_name !== "PNDMScheduler");
  if (!skips) read.refuse("skip_prk_steps", "true");
  const config = { ...readSpacing(read, "leading"), setAlphaToOne: read.boolean("set_alpha_to_one", false) };
  read.ignore(knownKeys);
  read.finish();
  return config;
}

/**
 * Read a scheduler's file for Euler, whatever class wrote it. An absent key has Euler's own default, so the spacing is
 * `linspace`, with fractions, unless the file says otherwise.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readEulerConfig(file: ConfigFile): EulerConfig {
  const read = configReader(file);
  const config: EulerConfig = {
    ...readSpacing(read, "linspace"),
    useKarrasSigmas: read.boolean("use_karras_sigmas", false),
    finalSigmasType: read.choice("final_sigmas_type", ["zero", "sigma_min"], "zero"),
  };
  read.only("interpolation_type", ["linear"]);
  read.only("timestep_type", ["discrete"]);
  for (const key of ["sigma_min", "sigma_max"]) read.only(key, [null]);
  for (const key of ["use_beta_sigmas", "use_exponential_sigmas"]) read.only(key, [false]);
  read.ignore(knownKeys);
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
    ...readSpacing(read, "linspace"),
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
  read.ignore(knownKeys);
  read.finish();
  return config;
}

function readSpacing(read: ConfigReader, usual: TimestepSpacing): SpacingConfig {
  return {
    ...readNoiseSchedule(read),
    timestepSpacing: read.choice("timestep_spacing", ["leading", "trailing", "linspace"], usual),
    stepsOffset: read.count("steps_offset", 0, 0),
  };
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

/**
 * Keys of the classes above. Each reader uses or refuses those that matter to its scheduler; the others stay in a file
 * that was converted from another class, or serve only a feature that is refused (thresholding, flow sigmas).
 */
const knownKeys = [
  "algorithm_type",
  "clip_sample",
  "clip_sample_range",
  "dynamic_thresholding_ratio",
  "euler_at_final",
  "final_sigmas_type",
  "flow_shift",
  "interpolation_type",
  "lambda_min_clipped",
  "lower_order_final",
  "sample_max_value",
  "set_alpha_to_one",
  "sigma_max",
  "sigma_min",
  "skip_prk_steps",
  "solver_order",
  "solver_type",
  "steps_offset",
  "thresholding",
  "time_shift_type",
  "timestep_spacing",
  "timestep_type",
  "use_karras_sigmas",
  "variance_type",
  ...otherSigmas,
];
