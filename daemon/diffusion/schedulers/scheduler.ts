/** The contract of a scheduler: a plan of timesteps made in advance, and a pure, deterministic step. No randomness. */

/** What a scheduler remembers between steps; plain arrays, so that a run can be stopped and resumed. */
export type SchedulerState = {
  /**
   * What earlier steps predicted, the latest last: the clean sample (DPM-Solver++) or the network's output (PNDM).
   * Empty at the start and for one-step methods.
   */
  readonly predictions: readonly Float32Array[];
  /** Where the first step began; only between the first and the second step of PNDM, which begins there again. */
  readonly start?: Float32Array;
};

export type SchedulerStep = { readonly sample: Float32Array; readonly state: SchedulerState };

export type Scheduler = {
  readonly id: SchedulerId;
  /** Timesteps to call the network with, in order; their number is the number of network calls. */
  readonly timesteps: readonly number[];
  /** Factor of the latents that the network gets, for each timestep; 1 where latents keep their variance. */
  readonly inputScales: readonly number[];
  /** Noise levels sqrt((1 - abar) / abar) before each step and after the last; empty where the method has none. */
  readonly sigmas: readonly number[];
  /** Standard deviation of the noise to start from. */
  readonly initNoiseSigma: number;
  /**
   * Go one step towards the clean sample.
   * @param state `initialState` for the first step, then what the step before returned
   * @param stepIndex position in `timesteps`
   * @param modelOutput what the network said at this timestep of the scaled sample, guidance applied; same length as `sample`
   * @param sample latents of any number of images, flat
   * @returns new arrays; the arguments are left as they are
   */
  readonly step: (
    state: SchedulerState,
    stepIndex: number,
    modelOutput: Float32Array,
    sample: Float32Array,
  ) => SchedulerStep;
};

/** Names that the configuration uses. */
export type SchedulerId = "ddim" | "pndm" | "dpm-solver++" | "euler";

/** The state before the first step, of every scheduler. */
export const initialState: SchedulerState = { predictions: [] };
