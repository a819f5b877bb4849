/** The classifier of the LoFT and DataDream papers: CLIP with low-rank adapters in both towers, after each class's prompt. */
import { initialLora, type LoraLayout, loraLayout } from "../adapters/lora.ts";
import { randomStream } from "../base/random.ts";
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import { createSession } from "../engine/runtime/session.ts";
import { nextState, startingState, stateFeeds, stateOutputs, type TrainingState } from "../optim/training-state.ts";
import {
  type ClassifierJudge,
  type ClassifierKind,
  type ClassifierTrainer,
  classifierSchedule,
  type PictureForm,
  type TrainingLength,
} from "./classifier.ts";
import {
  classifierImageGraph,
  classifierModules,
  classifierTextGraph,
  classifierTrainingGraph,
  dropoutPlaces,
  type TextShape,
} from "./clip-classifier-graph.ts";
import { type ClipModel, longestText, tokenFeeds } from "./clip-model.ts";
import { cropPicture, normalizePicture } from "./clip-processor.ts";
import { softmax } from "./metrics.ts";
import { firstRows, pixelBatches } from "./pixel-batches.ts";
import { batchesAhead, type ClassifierRow, papersShares, stackedBatches } from "./training-batch.ts";

/** The recipe of both papers' code. */
const recipe = {
  rank: 16,
  alpha: 32,
  dropout: 0.1,
  adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-4 },
  maxGradNorm: Number.POSITIVE_INFINITY,
};

/**
 * @param sha256 of the model's files
 * @param prompts one text per class, in the order of the labels
 */
export function clipClassifier(model: ClipModel, sha256: string, prompts: readonly string[]): ClassifierKind {
  const layout = loraLayout(recipe.rank, classifierModules(model));
  const texts = { classes: prompts.length, tokens: longestText(model, prompts) };
  const parts = { model, layout, texts, feeds: tokenFeeds(model, prompts, texts.tokens) };
  return {
    ...clipPictures(model),
    identity: { classifier: sha256, prompts },
    createTrainer: (length, rows) => createTrainer(parts, length, rows),
    createJudge: (batchSize) => createJudge(parts, batchSize),
  };
}

/** Pictures as CLIP's picture tower takes them. */
export function clipPictures({ config, processor }: ClipModel): PictureForm {
  return {
    name: "clip",
    side: config.vision.imageSize,
    crop: (picture) => cropPicture(processor, picture),
    normalize: (picture) => normalizePicture(processor, picture),
  };
}

type Parts = {
  readonly model: ClipModel;
  readonly layout: LoraLayout;
  readonly texts: TextShape;
  readonly feeds: Readonly<Record<string, HostTensor>>;
};

async function createTrainer(parts: Parts, length: TrainingLength, rows: number): Promise<ClassifierTrainer> {
  const { model, layout, texts } = parts;
  const { batchSize } = length;
  const graph = classifierTrainingGraph(model, { ...recipe, ...texts, rows, batchSize, layout });
  const session = await createSession({ ...graph }, model.session);
  await session.hold(parts.feeds);
  const optimizer = { adamW: recipe.adamW, lrSchedule: classifierSchedule(length) };
  const side = model.config.vision.imageSize;
  const options = { ...papersShares, batchSize, classes: texts.classes, side, normalization: model.processor };
  const ahead = batchesAhead(options);
  return {
    start: (some) => startingState(concatenated(some.map(({ stream }) => startOf(layout, stream)))),
    step: async (some, state) => {
      const own = stackedBatches(await ahead(some, state.step), options);
      const dropped = dropoutFeeds(parts, batchSize, some, state);
      const feeds = { ...own, ...dropped, ...stateFeeds(state, rows, optimizer) };
      const running = session.run(feeds, [...stateOutputs, "losses"]);
      ahead(some, state.step + 1);
      const found = await running;
      return { losses: found.losses!.data as Float32Array, state: nextState(found, state.step + 1) };
    },
    release: () => session.release(),
  };
}

function startOf(layout: LoraLayout, stream: ClassifierRow["stream"]): Float32Array {
  return initialLora(layout, randomStream(...stream, "start"));
}

/** The places are the same for all classifiers of a batch, whatever their number: named by the step alone. */
function dropoutFeeds(
  { model, layout, texts }: Parts,
  batchSize: number,
  rows: readonly ClassifierRow[],
  { step }: TrainingState,
): Record<string, HostTensor> {
  const modules = layout.targets.length;
  const uniform = (count: number, ...stream: readonly (string | number)[]) => {
    const rng = randomStream(...stream);
    return Float32Array.from({ length: count }, () => rng.uniform());
  };
  const perRow = (count: number, name: string) =>
    concatenated(rows.map(({ stream }) => uniform(count * modules, ...stream, name, step)));
  const places = dropoutPlaces(model, texts);
  const { classes } = texts;
  return {
    dropoutImages: float32(perRow(batchSize, "dropout images"), [rows.length * batchSize, 1, modules]),
    dropoutTexts: float32(perRow(classes, "dropout texts"), [rows.length * classes, 1, modules]),
    dropoutPlaces: float32(uniform(modules * places, "dropout places", step), [modules, places]),
  };
}

/** Texts are encoded once for each classifier, not once for each batch of pictures. */
async function createJudge({ model, layout, texts, feeds }: Parts, batchSize: number): Promise<ClassifierJudge> {
  const lora = { layout, alpha: recipe.alpha };
  const encoder = await createSession(classifierTextGraph(model, texts, lora), model.session);
  const shape = { batchSize, classes: texts.classes };
  const session = await createSession(classifierImageGraph(model, shape, lora), model.session);
  await encoder.hold(feeds);
  const side = model.config.vision.imageSize;
  return {
    judge: async (classifiers, pictures) => {
      const adapted = classifiers.map((row) => ({ parameters: float32(row, [1, layout.parameterCount]) }));
      const features: HostTensor[] = [];
      for (const own of adapted) features.push((await encoder.run(own)).textFeatures!);
      const answers = classifiers.map((): Float32Array[] => []);
      for await (const { pixels, count } of pixelBatches(pictures, batchSize, side)) {
        for (const [index, own] of adapted.entries()) {
          const { logits } = await session.run({ ...own, textFeatures: features[index]!, pixels });
          answers[index]!.push(...firstRows(logits!.data as Float32Array, count, texts.classes).map(softmax));
        }
      }
      return answers;
    },
    release: async () => {
      await encoder.release();
      await session.release();
    },
  };
}
