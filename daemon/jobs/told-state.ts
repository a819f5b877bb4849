/** What the journal of a run says of its state: the state that its events leave an unlocked run in. Pure. */
import type { RunState, RunWork } from "../../schemas/protocol.ts";
import type { EvaluationPart, RunEvent } from "../../schemas/run-event.ts";

export type ToldState = {
  /** Undefined before the first event that says it. */
  readonly state: RunState | undefined;
  /** Whether the last event that says the state is a beginning: the run ended without a word. */
  readonly isCutOff: boolean;
  readonly work: RunWork;
  readonly evaluation: EvaluationPart | undefined;
};

export const nothingTold: ToldState = { state: undefined, isCutOff: false, work: "generate", evaluation: undefined };

/** What is known after one more event. A part of an evaluation that is done is not its end, unless it is the last. */
export function toldAfter(told: ToldState, event: RunEvent): ToldState {
  switch (event.type) {
    case "evaluation":
      return toldAfter(told, event.event);
    case "run-started": {
      const { evaluation } = event;
      const work = evaluation === undefined ? "generate" : "evaluate";
      return { state: "interrupted", isCutOff: true, work, evaluation };
    }
    case "run-finished": {
      const { evaluation } = told;
      const isEnd = evaluation === undefined || evaluation.part === evaluation.parts - 1;
      return { ...told, state: isEnd ? "finished" : "interrupted", isCutOff: !isEnd };
    }
    case "run-interrupted":
      return { ...told, state: "interrupted", isCutOff: false };
    default:
      return told;
  }
}
