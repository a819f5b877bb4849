/** LoFT's classifiers in training, as pieces of work to time: the recipe of an evaluation, pictures ready or drawn. */
import { randomStream } from "../../daemon/base/random.ts";
import type { ClassifierKind, ClassifierTrainer } from "../../daemon/eval/classifier.ts";
import { clipClassifier } from "../../daemon/eval/clip-classifier.ts";
import { loadClipModel } from "../../daemon/eval/clip-model.ts";
import { resnetClassifier } from "../../daemon/eval/resnet-classifier.ts";
import type { ClassifierRow, TrainingBatch } from "../../daemon/eval/training-batch.ts";
import type { TrainingState } from "../../daemon/optim/training-state.ts";
import { classNames, type Job, picturesPerStep, type Work } from "./job.ts";

/** Steps of a turn, whatever the number of classifiers; the first of a trainer is not timed. */
const stepsPerTurn = 6;

/** `count` CLIP classifiers in one batch. With `drawn`, pictures are augmented and mixed for each step. */
export function clipTraining(job: Job): Promise<Work> {
  return classifierTraining(job, async () => {
    const model = await loadClipModel(job.model, { provider: "cpu", threads: 0, dedicated: job.dedicated });
    const prompts = classNames.map((className) => `a photo of a ${className}`);
    return clipClassifier(model, "bench", prompts);
  });
}

/** `count` residual networks in one batch. */
export function resnetTraining(job: Job): Promise<Work> {
  const session = { provider: "cpu", threads: 0, dedicated: job.dedicated } as const;
  return classifierTraining(job, async () => resnetClassifier(classNames.length, job.resolution, session));
}

async function classifierTraining(job: Job, build: () => Promise<ClassifierKind>): Promise<Work> {
  const kind = await build();
  const length = {
    steps: 1000,
    batchSize: picturesPerStep,
    learningRate: 1e-4,
    syntheticShare: 0.5,
    realLossShare: 0.8,
  };
  const trainer = await kind.createTrainer(length, job.count);
  const rows = Array.from({ length: job.count }, (_, seed) => rowOf(kind, seed));
  let state: TrainingState = trainer.start(rows);
  const batches = rows.map((_, seed) => readyBatch(kind, seed));
  const step: ClassifierTrainer["step"] =
    job.drawn === true ? trainer.step : (some, now) => trainer.stepWith(batches, some, now);
  const go = async (steps: number) => {
    for (let index = 0; index < steps; index += 1) ({ state } = await step(rows, state));
  };
  return {
    warmUp: () => go(1),
    run: async () => {
      const started = performance.now();
      await go(stepsPerTurn);
      return { perSecond: (stepsPerTurn * job.count * picturesPerStep * 1000) / (performance.now() - started) };
    },
    end: () => trainer.release(),
  };
}

/** A classifier with four pictures of each class, in memory. */
function rowOf({ side }: ClassifierKind, seed: number): ClassifierRow {
  const real = Array.from({ length: 4 * classNames.length }, (_, index) => {
    const rng = randomStream("picture", index);
    const rgb = Uint8Array.from({ length: side * side * 3 }, () => rng.integer(256));
    const picture = { width: side, height: side, rgb };
    return { label: index % classNames.length, read: async () => picture };
  });
  return { stream: [seed], real, synthetic: [] };
}

function readyBatch({ side }: ClassifierKind, seed: number): TrainingBatch {
  const targets = new Float32Array(picturesPerStep * classNames.length);
  for (let index = 0; index < picturesPerStep; index += 1)
    targets[index * classNames.length + (index % classNames.length)] = 1;
  return {
    pixels: randomStream("pixels", seed).normals(picturesPerStep * 3 * side * side),
    targets,
    sampleWeights: new Float32Array(picturesPerStep).fill(1 / picturesPerStep),
  };
}
