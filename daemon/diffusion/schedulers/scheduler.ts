/** The contract of a scheduler: a plan of timesteps made in advance, and a pure, deterministic step. No randomness. */

/** What a scheduler remembers between steps; plain arrays, so that a run can be stopped and resumed. */
export type SchedulerState = {
  /** Predictions of the clean sample at earlier steps, the latest last; empty at the start and for one-step methods. */
  readonly predictions: readonly Float32Array[];
};

export type SchedulerStep = { readonly sample: Float32Array; readonly state: SchedulerState };

export type Scheduler = {
  readonly id: SchedulerId;
  /** Timesteps to call the network with, in order; their number is the number of network calls. */
  readonly timesteps: readonly number[];
  /** Noise levels sqrt((1 - abar) / abar) before each step and after the last; empty where the method has none. */
  readonly sigmas: readonly number[];
  /** Standard deviation of the noise to start from. */
  readonly initNoiseSigma: number;
  /**
   * Go one step towards the clean sample.
   * @param state `initialState` for the first step, then what the step before returned
   * @param stepIndex position in `timesteps`
   * @param modelOutput what the network said at this timestep, guidance applied; same length as `sample`
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
export type SchedulerId = "ddim" | "dpm-solver++";

/** The state before the first step, of every scheduler. */
export const initialState: SchedulerState = { predictions: [] };

/** Round to the nearest integer, ties to even, as NumPy does; Math.round takes ties up. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction < 0.5) return floor;
  if (0.5 < fraction) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** `count` numbers from start to end, both included, in float64 as numpy.linspace computes them. */
export function linspace(start: number, end: number, count: number): number[] {
  const step = (end - start) / (count - 1);
  return Array.from({ length: count }, (_, index) => {
    if (index === 0) return start;
    return index === count - 1 ? end : start + index * step;
  });
}
