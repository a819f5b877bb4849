/** Training CLIP classifiers in one batch, and asking them; the state between steps is plain data, so that it can be saved. */
import { initialLora, type LoraLayout, loraLayout } from "../adapters/lora.ts";
import { randomStream } from "../base/random.ts";
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import { createSession, type Session } from "../engine/runtime/session.ts";
import { type AdamWConfig, biasCorrections } from "../optim/adamw.ts";
import { type LrSchedule, learningRateAt } from "../optim/lr-schedule.ts";
import { classifierGraph, classifierModules, classifierTrainingGraph, dropoutPlaces } from "./classifier-graph.ts";
import { type ClipModel, tokenFeeds } from "./clip-model.ts";
import { softmax } from "./metrics.ts";
import { type ClassifierRow, trainingBatch } from "./training-batch.ts";

export type ClassifierOptions = {
  /** Classifiers at once. */
  readonly rows: number;
  readonly batchSize: number;
  /** One text per class, in the order of the labels. */
  readonly prompts: readonly string[];
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly adamW: AdamWConfig;
  readonly maxGradNorm: number;
  readonly lrSchedule: LrSchedule;
  readonly realShare: number;
  readonly mixShare: number;
};

/** Everything a training needs to go on; each array is [rows * parameterCount]. */
export type ClassifierState = {
  /** Steps done. */
  readonly step: number;
  readonly parameters: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
};

export type ClassifierTrainer = {
  readonly layout: LoraLayout;
  readonly start: (rows: readonly ClassifierRow[]) => ClassifierState;
  /** One step of every classifier; `losses` has one entry for each. */
  readonly step: (
    rows: readonly ClassifierRow[],
    state: ClassifierState,
  ) => Promise<{ readonly state: ClassifierState; readonly losses: Float32Array }>;
  readonly release: () => Promise<void>;
};

/** Build the session of a trainer; release it. */
export async function createClassifierTrainer(
  model: ClipModel,
  options: ClassifierOptions,
): Promise<ClassifierTrainer> {
  const layout = loraLayout(options.rank, classifierModules(model));
  const shape = { rows: options.rows, batchSize: options.batchSize, classes: options.prompts.length };
  const graph = classifierTrainingGraph(model, { ...options, ...shape, layout });
  const session = await createSession({ ...graph }, model.session);
  const texts = tokenFeeds(model, Array.from({ length: options.rows }, () => options.prompts).flat());
  return {
    layout,
    start: (rows) => freshState(layout, rows),
    step: async (rows, state) => {
      const found = await session.run({
        ...texts,
        ...batchFeeds(model, options, rows, state.step),
        ...stateFeeds(layout, options, state),
        ...dropoutFeeds(model, options, layout, rows, state.step),
      });
      const data = (name: string) => found[name]!.data as Float32Array;
      return {
        losses: data("losses"),
        state: {
          step: state.step + 1,
          parameters: data("nextParameters"),
          firstMoment: data("nextFirstMoment"),
          secondMoment: data("nextSecondMoment"),
        },
      };
    },
    release: () => session.release(),
  };
}

function freshState(layout: LoraLayout, rows: readonly ClassifierRow[]): ClassifierState {
  const parameters = concatenated(rows.map(({ stream }) => initialLora(layout, randomStream(...stream, "start"))));
  const { length } = parameters;
  return { step: 0, parameters, firstMoment: new Float32Array(length), secondMoment: new Float32Array(length) };
}

function batchFeeds(
  { config, processor }: ClipModel,
  { batchSize, prompts, realShare, mixShare }: ClassifierOptions,
  rows: readonly ClassifierRow[],
  step: number,
): Record<string, HostTensor> {
  const side = config.vision.imageSize;
  const classes = prompts.length;
  const options = { batchSize, classes, side, normalization: processor, realShare, mixShare };
  const batches = rows.map((row) => trainingBatch(row, step, options));
  const count = rows.length * batchSize;
  return {
    pixels: float32(concatenated(batches.map(({ pixels }) => pixels)), [count, 3, side, side]),
    targets: float32(concatenated(batches.map(({ targets }) => targets)), [count, classes]),
    sampleWeights: float32(concatenated(batches.map(({ sampleWeights }) => sampleWeights)), [count, 1]),
  };
}

function stateFeeds(
  { parameterCount }: LoraLayout,
  { rows, adamW, lrSchedule }: ClassifierOptions,
  state: ClassifierState,
): Record<string, HostTensor> {
  const shape = [rows, parameterCount];
  const rates = [learningRateAt(lrSchedule, state.step), ...biasCorrections(adamW, state.step + 1)];
  return {
    parameters: float32(state.parameters, shape),
    firstMoment: float32(state.firstMoment, shape),
    secondMoment: float32(state.secondMoment, shape),
    rates: float32(Float32Array.from(Array.from({ length: rows }, () => rates).flat()), [rows, 3]),
  };
}

/** The places are the same for all classifiers of a batch, whatever their number: named by the step alone. */
function dropoutFeeds(
  model: ClipModel,
  { dropout, batchSize, prompts }: ClassifierOptions,
  { targets }: LoraLayout,
  rows: readonly ClassifierRow[],
  step: number,
): Record<string, HostTensor> {
  if (dropout === 0) return {};
  const modules = targets.length;
  const uniform = (count: number, ...stream: readonly (string | number)[]) => {
    const rng = randomStream(...stream);
    return Float32Array.from({ length: count }, () => rng.uniform());
  };
  const perRow = (count: number, name: string) =>
    concatenated(rows.map(({ stream }) => uniform(count * modules, ...stream, name, step)));
  const places = dropoutPlaces(model);
  return {
    dropoutImages: float32(perRow(batchSize, "dropout images"), [rows.length * batchSize, 1, modules]),
    dropoutTexts: float32(perRow(prompts.length, "dropout texts"), [rows.length * prompts.length, 1, modules]),
    dropoutPlaces: float32(uniform(modules * places, "dropout places", step), [modules, places]),
  };
}

/** Asks trained classifiers; `batchSize` pictures at once. */
export type ClassifierJudge = {
  /**
   * Probabilities of pictures [3, side, side], preprocessed, for one classifier's packed parameters, [classes] each.
   */
  readonly judge: (parameters: Float32Array, pictures: readonly Float32Array[]) => Promise<Float32Array[]>;
  readonly release: () => Promise<void>;
};

/** Build the session of a judge; release it. */
export async function createClassifierJudge(
  model: ClipModel,
  { prompts, rank, alpha }: Pick<ClassifierOptions, "prompts" | "rank" | "alpha">,
  batchSize: number,
): Promise<ClassifierJudge> {
  const layout = loraLayout(rank, classifierModules(model));
  const shape = { rows: 1, batchSize, classes: prompts.length };
  const session = await createSession({ ...classifierGraph(model, shape, { layout, alpha }) }, model.session);
  const texts = tokenFeeds(model, prompts);
  return {
    judge: async (parameters, pictures) => {
      const judged: Float32Array[] = [];
      for (let start = 0; start < pictures.length; start += batchSize) {
        const batch = pictures.slice(start, start + batchSize);
        const feeds = { ...texts, parameters: float32(parameters, [1, layout.parameterCount]) };
        judged.push(...(await judgeBatch(session, model, batch, { feeds, batchSize, classes: prompts.length })));
      }
      return judged;
    },
    release: () => session.release(),
  };
}

async function judgeBatch(
  session: Session,
  { config }: ClipModel,
  batch: readonly Float32Array[],
  { feeds, batchSize, classes }: { feeds: Record<string, HostTensor>; batchSize: number; classes: number },
): Promise<Float32Array[]> {
  const side = config.vision.imageSize;
  // A batch that is not full is filled up: one session fits all.
  const pixels = new Float32Array(batchSize * 3 * side * side);
  for (const [index, picture] of batch.entries()) pixels.set(picture, index * picture.length);
  const found = await session.run({ ...feeds, pixels: float32(pixels, [batchSize, 3, side, side]) });
  const logits = found.logits!.data as Float32Array;
  return batch.map((_, index) => softmax(logits.subarray(index * classes, (index + 1) * classes)));
}
