/** The state of trainings between two steps as plain data, so that it can be saved, and how a train step is fed with it. */
import { float32, type HostTensor } from "../engine/graph/tensor.ts";
import { type AdamWConfig, biasCorrections } from "./adamw.ts";
import { type LrSchedule, learningRateAt } from "./lr-schedule.ts";

/** Everything that trainings side by side need to go on; each array is [rows * parameterCount]. */
export type TrainingState = {
  /** Steps done. */
  readonly step: number;
  readonly parameters: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
};

/** Before the first step. */
export function startingState(parameters: Float32Array): TrainingState {
  const { length } = parameters;
  return { step: 0, parameters, firstMoment: new Float32Array(length), secondMoment: new Float32Array(length) };
}

/** The inputs of a train step that the state and its place in the schedule decide. */
export function stateFeeds(
  state: TrainingState,
  rows: number,
  { adamW, lrSchedule }: { readonly adamW: AdamWConfig; readonly lrSchedule: LrSchedule },
): Record<string, HostTensor> {
  const shape = [rows, state.parameters.length / rows];
  const rates = [learningRateAt(lrSchedule, state.step), ...biasCorrections(adamW, state.step + 1)];
  return {
    parameters: float32(state.parameters, shape),
    firstMoment: float32(state.firstMoment, shape),
    secondMoment: float32(state.secondMoment, shape),
    rates: float32(Float32Array.from(Array(rows).fill(rates).flat()), [rows, rates.length]),
  };
}

/** The outputs of a train step that make its next state. */
export const stateOutputs = ["nextParameters", "nextFirstMoment", "nextSecondMoment"] as const;

/** The state after a step, from the step's outputs. */
export function nextState(results: Readonly<Record<string, HostTensor>>, step: number): TrainingState {
  const [parameters, firstMoment, secondMoment] = stateOutputs.map((name) => results[name]!.data as Float32Array);
  return { step, parameters: parameters!, firstMoment: firstMoment!, secondMoment: secondMoment! };
}
