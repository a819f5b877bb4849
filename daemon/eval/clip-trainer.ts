/** Training CLIP classifiers side by side: each one's batch is cut into shares that know nothing of each other. */
import { initialLora, type LoraLayout } from "../adapters/lora.ts";
import { randomStream } from "../base/random.ts";
import { peakBytes } from "../engine/graph/memory.ts";
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import { nodesOf } from "../engine/graph/walk.ts";
import { multiplications } from "../engine/graph/work.ts";
import { isLargeModel } from "../engine/onnx/to-model.ts";
import { buildUpdate } from "../optim/train-step.ts";
import { nextState, startingState, stateFeeds, type TrainingState } from "../optim/training-state.ts";
import { type ClassifierTrainer, classifierSchedule, drawingSteps, type TrainingLength } from "./classifier.ts";
import { classifierGradientGraph, dropoutPlaces, type TextShape } from "./clip-classifier-graph.ts";
import type { ClipModel } from "./clip-model.ts";
import { createShareSession, repeatedParts } from "./share-session.ts";
import { type ClassifierRow, papersMixShare, stackedBatches } from "./training-batch.ts";

/** The recipe of both papers' code. */
export const recipe = {
  rank: 16,
  alpha: 32,
  dropout: 0.1,
  adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-4 },
  maxGradNorm: Number.POSITIVE_INFINITY,
};

export type ClipParts = {
  readonly model: ClipModel;
  readonly layout: LoraLayout;
  readonly texts: TextShape;
  /** `tokenIds` and `endMask` of the classes' texts. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
};

/** Build the session of a trainer; release it. */
export async function createClipTrainer(
  parts: ClipParts,
  length: TrainingLength,
  rows: number,
): Promise<ClassifierTrainer> {
  const { model, layout, texts } = parts;
  const { batchSize } = length;
  const shares = shareCount(parts, batchSize);
  const { parameterCount } = layout;
  const gradients = (some: number) => ({ ...shareGraph(parts, batchSize / shares, some) });
  const update = buildUpdate({ ...recipe, rows, parameterCount, shares });
  const session = await createShareSession({ rows, shares, gradients, update: { ...update } }, model.session);
  await session.hold(parts.feeds);
  const optimizer = { adamW: recipe.adamW, lrSchedule: classifierSchedule(length) };
  const side = model.config.vision.imageSize;
  const shape = { classes: texts.classes, side, normalization: model.processor };
  const options = { ...length, ...shape, mixShare: papersMixShare };
  const stepWith: ClassifierTrainer["stepWith"] = async (batches, some, state) => {
    const own = stackedBatches(batches, options);
    const dropped = dropoutFeeds(parts, { batchSize, shares }, some, state);
    const found = await session.run({ ...own, ...dropped }, stateFeeds(state, rows, optimizer));
    return { losses: found.losses!.data as Float32Array, state: nextState(found, state.step + 1) };
  };
  return {
    start: (some) =>
      startingState(concatenated(some.map(({ stream }) => initialLora(layout, randomStream(...stream, "start"))))),
    step: drawingSteps(options, stepWith),
    stepWith,
    release: () => session.release(),
  };
}

function shareGraph({ model, layout, texts }: ClipParts, batchSize: number, rows: number) {
  return classifierGradientGraph(model, { ...recipe, ...texts, rows, batchSize, layout });
}

/** Texts are encoded in every share: cutting a batch may cost this many times the work, and is quicker still. */
const mostWork = 1.3;

/** What a share of a large model's batch may take beside the weights, in bytes: machines of 8 GiB can hold it. */
const mostShareBytes = 2 ** 31;

/**
 * How many shares a classifier's batch is cut into: the same on a machine of any size, so that a classifier is, too.
 * A small model's batch is cut for the cores, where sessions are parted at all; a large model's for the memory.
 */
export function shareCount(parts: ClipParts, batchSize: number): number {
  const graph = (size: number) => Object.values(shareGraph(parts, size, 1));
  const whole = graph(batchSize);
  if (isLargeModel(nodesOf(whole))) {
    const counts = Array.from({ length: batchSize }, (_, index) => index + 1).filter(
      (count) => batchSize % count === 0,
    );
    return counts.find((count) => peakBytes(graph(batchSize / count)) <= mostShareBytes) ?? batchSize;
  }
  if (batchSize % 2 === 1 || parts.model.session.provider !== "cpu") return 1;
  return 2 * multiplications(graph(batchSize / 2)) <= mostWork * multiplications(whole) ? 2 : 1;
}

/**
 * The places are the same for all classifiers of a batch, whatever their number: named by the step alone. A classifier's
 * texts are the same in all of its shares.
 */
function dropoutFeeds(
  { model, layout, texts }: ClipParts,
  { batchSize, shares }: { readonly batchSize: number; readonly shares: number },
  rows: readonly ClassifierRow[],
  { step }: TrainingState,
): Record<string, HostTensor> {
  const modules = layout.targets.length;
  const uniform = (count: number, ...stream: readonly (string | number)[]) => randomStream(...stream).uniforms(count);
  const perRow = (count: number, name: string) => {
    const numbers = rows.map(({ stream }) => uniform(count * modules, ...stream, name, step));
    return float32(concatenated(numbers), [rows.length * count, 1, modules]);
  };
  const places = dropoutPlaces(model, texts);
  return {
    dropoutImages: perRow(batchSize, "dropout images"),
    dropoutTexts: repeatedParts(perRow(texts.classes, "dropout texts"), rows.length, shares),
    dropoutPlaces: float32(uniform(modules * places, "dropout places", step), [modules, places]),
  };
}
