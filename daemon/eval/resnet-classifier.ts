/** A classifier that begins with nothing: a small residual network, so that a result does not hang on CLIP alone. */
import type { Json } from "../base/hash.ts";
import { randomStream } from "../base/random.ts";
import { concatenated, float32 } from "../engine/graph/tensor.ts";
import { createSession, type SessionOptions } from "../engine/runtime/session.ts";
import { learningRateAt } from "../optim/lr-schedule.ts";
import { buildSgdUpdate } from "../optim/sgd.ts";
import { startingState } from "../optim/training-state.ts";
import {
  type ClassifierJudge,
  type ClassifierKind,
  type ClassifierTrainer,
  classifierSchedule,
  drawingSteps,
  type TrainingLength,
} from "./classifier.ts";
import { type ClipProcessor, cropPicture, normalizePicture } from "./clip-processor.ts";
import { softmax } from "./metrics.ts";
import { firstRows, pixelBatches } from "./pixel-batches.ts";
import { resnetGradientGraph, resnetGraph } from "./resnet-graph.ts";
import { initialResnet, type ResnetLayout, resnetChannels, resnetLayout } from "./resnet-layout.ts";
import { createShareSession } from "./share-session.ts";
import { papersMixShare, stackedBatches } from "./training-batch.ts";

/** SGD as He et al. 2016 have it. */
const sgd = { momentum: 0.9, weightDecay: 1e-4 };

/** Larger pictures are made smaller: what ImageNet's networks see. */
const mostSide = 224;

type Parts = { readonly layout: ResnetLayout; readonly processor: ClipProcessor; readonly session: SessionOptions };

/** @param resolution of the run's images, in pixels: the network sees pictures of this side, or of 224 pixels */
export function resnetClassifier(classes: number, resolution: number, session: SessionOptions): ClassifierKind {
  const side = Math.min(resolution, mostSide);
  const layout = resnetLayout({ classes, side, channels: resnetChannels });
  const processor = processorOf(side);
  const parts = { layout, processor, session };
  return {
    name: "resnet",
    identity: resnetIdentity(side),
    side,
    crop: (picture) => cropPicture(processor, picture),
    normalize: (picture) => normalizePicture(processor, picture),
    createTrainer: (length, rows) => createTrainer(parts, length, rows),
    createJudge: (batchSize) => createJudge(parts, batchSize),
  };
}

/** Raise the version when a change of the network changes what it answers. */
function resnetIdentity(side: number): Json {
  return { network: "resnet", version: 2, channels: [...resnetChannels], side, ...sgd };
}

/** The whole short side, values from -1 to 1. */
function processorOf(side: number): ClipProcessor {
  const half = [0.5, 0.5, 0.5];
  return { shortestEdge: side, cropSide: side, resample: "bicubic", mean: half, std: half };
}

async function createTrainer(parts: Parts, length: TrainingLength, rows: number): Promise<ClassifierTrainer> {
  const { layout, processor, session: options } = parts;
  const { batchSize } = length;
  const { parameterCount } = layout;
  // The same on any number of cores, so that a network is, too.
  const shares = batchSize % 2 === 0 && options.provider === "cpu" ? 2 : 1;
  const gradients = (some: number) => resnetGradientGraph({ rows: some, batchSize: batchSize / shares, layout });
  const update = buildSgdUpdate({ rows, parameterCount, shares, sgd });
  const session = await createShareSession({ rows, shares, gradients, update: { ...update } }, options);
  const lrSchedule = classifierSchedule(length);
  const shown = { ...length, ...layout.config, mixShare: papersMixShare, normalization: processor };
  const size = [rows, parameterCount];
  const stepWith: ClassifierTrainer["stepWith"] = async (batches, _, state) => {
    const learningRate = learningRateAt(lrSchedule, state.step);
    const found = await session.run(stackedBatches(batches, shown), {
      parameters: float32(state.parameters, size),
      velocity: float32(state.firstMoment, size),
      learningRate: float32(new Float32Array(rows).fill(learningRate), [rows, 1]),
    });
    const data = (name: string) => found[name]!.data as Float32Array;
    // SGD has no second moment: that of the start, zeros, goes along.
    const moved = { parameters: data("nextParameters"), firstMoment: data("nextVelocity") };
    return { losses: data("losses"), state: { ...state, ...moved, step: state.step + 1 } };
  };
  return {
    start: (some) =>
      startingState(concatenated(some.map(({ stream }) => initialResnet(layout, randomStream(...stream, "start"))))),
    step: drawingSteps(shown, stepWith),
    stepWith,
    release: () => session.release(),
  };
}

async function createJudge({ layout, session: options }: Parts, batchSize: number): Promise<ClassifierJudge> {
  const session = await createSession({ ...resnetGraph({ rows: 1, batchSize, layout }) }, options);
  const { classes, side } = layout.config;
  return {
    judge: async (classifiers, pictures) => {
      const answers = classifiers.map((): Float32Array[] => []);
      for await (const { pixels, count } of pixelBatches(pictures, batchSize, side)) {
        for (const [index, parameters] of classifiers.entries()) {
          const found = await session.run({ pixels, parameters: float32(parameters, [1, layout.parameterCount]) });
          answers[index]!.push(...firstRows(found.logits!.data as Float32Array, count, classes).map(softmax));
        }
      }
      return answers;
    },
    release: () => session.release(),
  };
}
