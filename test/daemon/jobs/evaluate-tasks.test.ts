/** A classifier that is lost in training is told as that: it has no accuracy. */
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { ClassifierTrainer } from "../../../daemon/eval/classifier.ts";
import type { Cell } from "../../../daemon/jobs/evaluate-plan.ts";
import { type TrainingContext, trainGroup } from "../../../daemon/jobs/evaluate-tasks.ts";
import { startingState } from "../../../daemon/optim/training-state.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const tasks = [0, 1].map((seed) => ({ id: `task ${seed}`, seed, real: [], synthetic: [] }));
const about = { classifier: null, method: null, shots: 2, imagesPerClass: null, missing: [] };
const cell: Cell = { id: "real-s2", kind: "real", tasks, ...about };

/** No network of the tests can be driven to NaN: this trainer says that its second row is, at its second step. */
const trainer: ClassifierTrainer = {
  start: () => startingState(new Float32Array(2)),
  step: (rows, state) => trainer.stepWith([], rows, state),
  stepWith: async (_, __, state) => ({
    state: { ...state, step: state.step + 1 },
    losses: Float32Array.of(1, state.step === 0 ? 1 : Number.NaN),
  }),
  release: async () => undefined,
};
const judge = { judge: async () => [[], []], release: async () => undefined };

describe("a group of classifiers", () => {
  it("ends where one of them is lost, and keeps no answer", async () => {
    const folder = await temporaryFolder();
    const context: TrainingContext = {
      folder,
      sessions: { trainer: async () => trainer, judge: async () => judge, release: async () => undefined },
      length: { steps: 4, batchSize: 2, learningRate: 1, syntheticShare: 0.5, realLossShare: 0.8 },
      sources: { judged: () => () => Promise.reject(), trained: () => ({ label: 0, read: () => Promise.reject() }) },
      ...{ runSeed: 0, test: [], validation: undefined, checkpointSeconds: 10 },
      signal: new AbortController().signal,
      emit: () => undefined,
    };
    const error = await loftErrorOf(() => trainGroup(context, cell, tasks), "not-finite");
    expect(error.what).toContain("real-s2, seed 1, became NaN or infinite at step 2");
    expect(await readdir(folder)).toEqual([]);
  });
});
