/** A classifier that is lost in training is told as that: it has no accuracy, and keeps no other from having one. */
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { ClassifierJudge, ClassifierTrainer } from "../../../daemon/eval/classifier.ts";
import type { Cell } from "../../../daemon/jobs/evaluate-plan.ts";
import { resultRows } from "../../../daemon/jobs/evaluate-results.ts";
import { type TrainingContext, trainGroup } from "../../../daemon/jobs/evaluate-tasks.ts";
import { startingState } from "../../../daemon/optim/training-state.ts";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const tasks = [0, 1].map((seed) => ({ id: `task ${seed}`, seed, real: [], synthetic: [] }));
const about = { classifier: null, method: null, shots: 2, imagesPerClass: null, missing: [] };
const cell: Cell = { id: "real-s2", kind: "real", tasks, ...about };

/** No network of the tests can be driven to NaN: this trainer says that its rows from `firstLost` on are, at step 2. */
function trainerLosing(firstLost: number, steps: number[]): ClassifierTrainer {
  const trainer: ClassifierTrainer = {
    start: () => startingState(new Float32Array(2)),
    step: (rows, state) => trainer.stepWith([], rows, state),
    stepWith: async (_, rows, state) => {
      steps.push(state.step);
      const isLost = (row: number) => firstLost <= row && 1 <= state.step;
      const losses = Float32Array.from(rows, (_, row) => (isLost(row) ? Number.NaN : 1));
      return { state: { ...state, step: state.step + 1 }, losses };
    },
    release: async () => undefined,
  };
  return trainer;
}

/** One picture, of the first class. */
const judge: ClassifierJudge = {
  judge: async (classifiers) => classifiers.map(() => [Float32Array.of(0.75, 0.25)]),
  release: async () => undefined,
};

/** Reads all pictures, one after the other. */
const reading: ClassifierJudge = {
  ...judge,
  judge: async (classifiers, pictures) => {
    for (const read of pictures) await read();
    return judge.judge(classifiers, pictures);
  },
};

function contextOf(folder: string, trainer: ClassifierTrainer, events: RunEvent[]): TrainingContext {
  return {
    folder,
    sessions: { trainer: async () => trainer, judge: async () => judge, release: async () => undefined },
    length: { steps: 4, batchSize: 2, learningRate: 1, syntheticShare: 0.5, realLossShare: 0.8 },
    sources: { judged: () => () => Promise.reject(), trained: () => ({ label: 0, read: () => Promise.reject() }) },
    ...{ runSeed: 0, test: [], validation: undefined, checkpointSeconds: 10 },
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
  };
}

async function trainLosing(firstLost: number) {
  const [steps, events]: [number[], RunEvent[]] = [[], []];
  const folder = await temporaryFolder();
  const outcome = await trainGroup(contextOf(folder, trainerLosing(firstLost, steps), events), cell, tasks);
  return { ...outcome, steps, told: events.map(({ type }) => type), files: await readdir(folder, { recursive: true }) };
}

describe("a group of classifiers", () => {
  it("keeps the answers of those that are not lost, and tells of the others", async () => {
    const { results, lost, told, files } = await trainLosing(1);
    expect(results.map(({ id, step }) => [id, step])).toEqual([["task 0", 4]]);
    expect([...lost].map(([id, { code, what }]) => [id, code, what])).toEqual([
      ["task 1", "not-finite", expect.stringContaining("real-s2, seed 1, was lost in training")],
    ]);
    expect(told.filter((type) => type !== "training-step")).toEqual([
      ...["adapter-group-started", "adapter-finished", "task-failed"],
    ]);
    expect(files.sort()).toEqual(["tasks", "tasks/task 0.json"]);
    const answers = new Map(results.map((result) => [result.id, result]));
    const [row] = resultRows([cell], answers, { labels: [0], classes: 2, references: undefined, lost });
    expect(row).toMatchObject({ mean: 1, std: null, runs: [{ seed: 0 }] });
    expect(row!.missing).toEqual([{ seed: 1, reason: expect.stringContaining("Lower evaluation.learningRate") }]);
  });

  it("does not go on where all are lost", async () => {
    const { results, lost, steps, files } = await trainLosing(0);
    expect([results, [...lost.keys()], steps, files]).toEqual([[], ["task 0", "task 1"], [0, 1], []]);
  });

  it("is left between two test pictures when it is asked to stop, and goes on there", async () => {
    const steps: number[] = [];
    const context = contextOf(await temporaryFolder(), trainerLosing(2, steps), []);
    const stopping = new AbortController();
    const readAndStop = async () => {
      stopping.abort();
      return new Float32Array(1);
    };
    const stopped = {
      ...context,
      signal: stopping.signal,
      test: ["a", "b"].map((name) => ({ name, file: name, sha256: name, label: 0 })),
      sources: { ...context.sources, judged: () => readAndStop },
      sessions: { ...context.sessions, judge: async () => reading },
    };
    await loftErrorOf(() => trainGroup(stopped, cell, tasks), "interrupted");
    const { results } = await trainGroup(context, cell, tasks);
    expect([results.length, steps]).toEqual([2, [0, 1, 2, 3]]);
  });
});
