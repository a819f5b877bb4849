/** What a classifier is shown in one step: augmented pictures, their targets and weights. Depends on row and step alone. */
import { randomStream } from "../base/random.ts";
import { augmented } from "../data/augment.ts";
import type { Picture } from "../data/picture.ts";
import { concatenated, float32, type HostTensor } from "../engine/graph/tensor.ts";
import { examplesOfStep } from "../optim/example-order.ts";
import { type Normalization, normalizePicture } from "./clip-processor.ts";
import { type Mixable, mixed } from "./mix.ts";

/** A picture that is read when a batch needs it. */
export type LabeledPicture = { readonly read: () => Promise<Picture>; readonly label: number };

/** What one classifier learns from; one of the two may be empty. */
export type ClassifierRow = {
  /** Names the row's random numbers: the same name gives the same classifier, in whatever batch. */
  readonly stream: readonly (string | number)[];
  readonly real: readonly LabeledPicture[];
  readonly synthetic: readonly LabeledPicture[];
};

/** Of a batch with both kinds, both above 0 and below 1. */
export type BatchShares = {
  /** Of its pictures, rounded down; each kind has one at least. */
  readonly syntheticShare: number;
  /** The real pictures' part of the loss. */
  readonly realLossShare: number;
};

export type BatchOptions = BatchShares & {
  readonly batchSize: number;
  readonly classes: number;
  /** Pixels along each side. */
  readonly side: number;
  readonly normalization: Normalization;
  /** Share of the steps whose pictures are mixed. */
  readonly mixShare: number;
};

/** Of both papers' code. */
export const papersMixShare = 0.2;

/** Pixels [batchSize, 3, side, side], targets [batchSize, classes], weights [batchSize] whose sum is 1. */
export type TrainingBatch = {
  readonly pixels: Float32Array;
  readonly targets: Float32Array;
  readonly sampleWeights: Float32Array;
};

/** The batches of a step; those asked for last are kept, so that the next step's can be made while a step runs. */
export function batchesAhead(options: BatchOptions) {
  let kept: { rows: readonly ClassifierRow[]; step: number; batches: Promise<readonly TrainingBatch[]> } | undefined;
  return (rows: readonly ClassifierRow[], step: number): Promise<readonly TrainingBatch[]> => {
    if (kept?.rows !== rows || kept.step !== step) {
      const batches = Promise.all(rows.map((row) => trainingBatch(row, step, options)));
      // A picture that cannot be read is told to whoever waits for the batch, later than it happens.
      batches.catch(() => undefined);
      kept = { rows, step, batches };
    }
    return kept.batches;
  };
}

/** The batches of several classifiers as the inputs `pixels`, `targets` and `sampleWeights` of a training graph. */
export function stackedBatches(
  batches: readonly TrainingBatch[],
  { batchSize, classes, side }: Pick<BatchOptions, "batchSize" | "classes" | "side">,
): Record<keyof TrainingBatch, HostTensor> {
  const count = batches.length * batchSize;
  const joined = (pick: (batch: TrainingBatch) => Float32Array) => concatenated(batches.map(pick));
  return {
    pixels: float32(
      joined(({ pixels }) => pixels),
      [count, 3, side, side],
    ),
    targets: float32(
      joined(({ targets }) => targets),
      [count, classes],
    ),
    sampleWeights: float32(
      joined(({ sampleWeights }) => sampleWeights),
      [count, 1],
    ),
  };
}

/** Each kind goes through epochs of its own. */
export async function trainingBatch(row: ClassifierRow, step: number, options: BatchOptions): Promise<TrainingBatch> {
  const { batchSize } = options;
  const realCount = realPictures(row, options);
  const both = 0 < realCount && realCount < batchSize;
  const share = both ? options.realLossShare : Math.sign(realCount);
  const kinds = [
    { name: "real", pictures: row.real, count: realCount, share },
    { name: "synthetic", pictures: row.synthetic, count: batchSize - realCount, share: 1 - share },
  ];
  const shown = kinds.filter(({ count }) => 0 < count);
  const parts = await Promise.all(shown.map((kind) => part(row, step, kind, options)));
  const joined = (pick: (part: TrainingBatch) => Float32Array) => concatenated(parts.map(pick));
  return {
    pixels: joined(({ pixels }) => pixels),
    targets: joined(({ targets }) => targets),
    sampleWeights: joined(({ sampleWeights }) => sampleWeights),
  };
}

/** How many pictures of the row's batches are real. */
function realPictures({ real, synthetic }: ClassifierRow, { batchSize, syntheticShare }: BatchOptions): number {
  if (real.length === 0) return 0;
  if (synthetic.length === 0) return batchSize;
  const syntheticCount = Math.floor(batchSize * syntheticShare);
  return batchSize - Math.min(Math.max(syntheticCount, 1), batchSize - 1);
}

type Kind = {
  readonly name: string;
  readonly pictures: readonly LabeledPicture[];
  readonly count: number;
  readonly share: number;
};

async function part(
  { stream }: ClassifierRow,
  step: number,
  kind: Kind,
  options: BatchOptions,
): Promise<TrainingBatch> {
  const { classes, side, normalization, mixShare } = options;
  const own = [...stream, kind.name];
  const places = examplesOfStep(own, kind.pictures.length, { step, count: kind.count });
  const plain = await Promise.all(
    places.map(async ({ example, position }): Promise<Mixable> => {
      const { read, label } = kind.pictures[example]!;
      const target = new Float32Array(classes);
      target[label] = 1;
      const changed = augmented(await read(), side, randomStream(...own, "augment", position));
      return { pixels: normalizePicture(normalization, changed), target };
    }),
  );
  // Both kinds are mixed in the same steps, each within itself.
  const isMixed = randomStream(...stream, "mix", step).uniform() < mixShare;
  const shown = isMixed ? mixed(plain, side, randomStream(...own, "mixed", step)) : plain;
  return {
    pixels: concatenated(shown.map(({ pixels }) => pixels)),
    targets: concatenated(shown.map(({ target }) => target)),
    sampleWeights: new Float32Array(kind.count).fill(kind.share / kind.count),
  };
}
