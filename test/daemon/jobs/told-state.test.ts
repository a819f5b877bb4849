/** What a journal says of a run's state and of what was asked for, whole or cut off. */
import { describe, expect, it } from "vitest";
import { nothingTold, toldAfter } from "../../../daemon/jobs/told-state.ts";
import type { OwnEvent, RunEvent } from "../../../schemas/run-event.ts";

const started = (part?: number): OwnEvent => ({
  ...{
    type: "run-started",
    adapters: 1,
    images: 0,
    adaptersDone: 0,
    imagesDone: 0,
    steps: 1,
    device: "",
    provider: "cpu",
  },
  ...(part === undefined ? {} : { evaluation: { part, parts: 3 } }),
});
const finished: OwnEvent = { type: "run-finished", adapters: 1, images: 0, failed: 0, seconds: 1 };
const interrupted: OwnEvent = { type: "run-interrupted", adapters: 1, images: 0, seconds: 1 };
const warning: OwnEvent = { type: "warning", what: "Something." };
const below = (method: string | null, event: OwnEvent): RunEvent => ({ type: "evaluation", method, event });

const own = [started(0), finished];
const other = [below("class-prompt", started(1)), below("class-prompt", finished)];
const judged = [below(null, started(2)), below(null, finished)];

describe("the state that a journal tells", () => {
  it.each<[name: string, events: readonly RunEvent[], state: string | undefined, work: string, isCutOff: boolean]>([
    ["an empty one", [], undefined, "generate", false],
    ["a run that was killed", [started(), warning], "interrupted", "generate", true],
    ["a run that was stopped", [started(), interrupted], "interrupted", "generate", false],
    ["a run to its end", [started(), finished], "finished", "generate", false],
    ["an evaluation killed in its first run", [started(0)], "interrupted", "evaluate", true],
    ["one killed between two parts", own, "interrupted", "evaluate", true],
    ["one killed in another method's run", [...own, ...other.slice(0, 1)], "interrupted", "evaluate", true],
    ["one killed in its classifiers", [...own, ...other, ...judged.slice(0, 1)], "interrupted", "evaluate", true],
    [
      "one stopped in its classifiers",
      [...own, below(null, started(2)), below(null, interrupted)],
      "interrupted",
      "evaluate",
      false,
    ],
    ["one to its end", [...own, ...other, ...judged], "finished", "evaluate", false],
    ["one to its end, then a run", [...own, ...other, ...judged, started(), finished], "finished", "generate", false],
    ["one that was killed, then a run", [...own, started(), finished], "finished", "generate", false],
  ])("of %s", (_, events, state, work, isCutOff) => {
    const told = events.reduce(toldAfter, nothingTold);
    expect([told.state, told.work, told.isCutOff]).toEqual([state, work, isCutOff]);
  });
});
