/** The plan of an evaluation: the cells of the table, and for each seed of a cell the classifier to train. Pure. */
import { hashOf, type Json } from "../base/hash.ts";
import type { MethodName } from "../config/preset.ts";
import type { EvaluationConfig, RowKind } from "../config/resolve.ts";
import type { TrainingLength } from "../eval/classifier.ts";
import { type Draw, drawnPhotos } from "./evaluate-draws.ts";
import type { EvaluationPicture } from "./evaluate-pictures.ts";

/** Raise it when a change of the code changes what a classifier answers. */
export const evaluationVersion = "3";

/** A method's synthetic images in the order of their indices. */
export type SyntheticSet = {
  readonly method: MethodName;
  /** Where the method learned from the photos of a draw alone. */
  readonly draw?: Draw;
  readonly images: readonly SyntheticPicture[];
};

export type SyntheticPicture = EvaluationPicture & {
  /** The user rejected it. */
  readonly isRejected?: boolean;
  /** No classifier learns from it. */
  readonly isLeftOut?: boolean;
};

/** A line of the table before it is filled. */
export type Cell = {
  readonly id: string;
  /** The label of its classifier; null where there is one for all. */
  readonly classifier: string | null;
  readonly kind: RowKind;
  readonly method: MethodName | null;
  readonly shots: number | null;
  readonly imagesPerClass: number | null;
  readonly tasks: readonly ClassifierTask[];
  readonly missing: readonly { readonly seed: number; readonly reason: string }[];
};

/** One classifier and what it learns from; zero-shot has neither pictures nor seed to learn with. */
export type ClassifierTask = {
  readonly id: string;
  readonly seed: number;
  readonly real: readonly EvaluationPicture[];
  readonly synthetic: readonly EvaluationPicture[];
};

/** Of one classifier. */
export type EvaluationInputs = {
  /** What the rows of this classifier are called by; null where there is no other. */
  readonly label: string | null;
  readonly config: EvaluationConfig & TrainingLength;
  readonly runSeed: number;
  /** SHA-256 of the model that answers without training. */
  readonly clip: string;
  /** What shapes the answers of trained classifiers (`ClassifierKind`). */
  readonly classifier: Json;
  readonly classes: number;
  /** Zero-shot prompts of each class. */
  readonly templates: readonly (readonly string[])[];
  readonly photos: readonly EvaluationPicture[];
  readonly sets: readonly SyntheticSet[];
  readonly test: readonly EvaluationPicture[];
  readonly validation: readonly EvaluationPicture[] | undefined;
};

/** All cells in the order of the table. */
export function planEvaluation(inputs: EvaluationInputs): readonly Cell[] {
  const { config, photos, sets } = inputs;
  const most = Math.max(...countsByLabel(photos));
  const cells: Cell[] = [];
  if (config.rows.includes("zero-shot")) cells.push(zeroShotCell(inputs));
  for (const shots of config.shots ?? [most]) {
    if (config.rows.includes("real")) cells.push(trainedCell(inputs, { kind: "real", shots }));
    for (const set of sets.filter(({ draw }) => draw === undefined)) {
      for (const imagesPerClass of config.imagesPerClass ?? [Math.max(...countsByLabel(set.images))]) {
        for (const kind of ["synthetic", "real+synthetic"] as const) {
          if (config.rows.includes(kind)) cells.push(trainedCell(inputs, { kind, shots, imagesPerClass, set }));
        }
      }
    }
  }
  return cells;
}

function zeroShotCell(inputs: EvaluationInputs): Cell {
  const { label, clip, templates, test } = inputs;
  const id = hashOf({ kind: "zero-shot", version: evaluationVersion, clip, templates, test: contents(test) });
  const task = { id, seed: 0, real: [], synthetic: [] };
  return {
    id: labeled(label, "zero-shot"),
    classifier: label,
    kind: "zero-shot",
    method: null,
    shots: null,
    imagesPerClass: null,
    tasks: [task],
    missing: [],
  };
}

type CellPlace = {
  readonly kind: "real" | "synthetic" | "real+synthetic";
  readonly shots: number;
  readonly imagesPerClass?: number;
  /** Of all photos. */
  readonly set?: SyntheticSet;
};

function trainedCell(inputs: EvaluationInputs, place: CellPlace): Cell {
  const { kind, shots, imagesPerClass = null, set } = place;
  const tasks: ClassifierTask[] = [];
  const missing: { seed: number; reason: string }[] = [];
  for (let seed = 0; seed < inputs.config.seeds; seed += 1) {
    const drawn = drawnPhotos(inputs, { shots, seed });
    const synthetic =
      set === undefined ? [] : firstImages(setOfDraw(inputs, set, { shots, seed }), imagesPerClass ?? 0);
    const counts = countsByLabel(synthetic, inputs.classes);
    if (set !== undefined && counts.some((count) => count === 0)) {
      missing.push({ seed, reason: `All ${set.method} images of a class are left out.` });
      continue;
    }
    tasks.push(classifierTask(inputs, seed, { real: kind === "synthetic" ? [] : drawn, synthetic }));
  }
  const name = kind === "real" ? "real" : `${kind === "synthetic" ? "" : "real+"}${set!.method}`;
  const { label: classifier } = inputs;
  const id = labeled(classifier, `${name}-s${shots}${imagesPerClass === null ? "" : `-n${imagesPerClass}`}`);
  return { id, classifier, kind, method: set?.method ?? null, shots, imagesPerClass, tasks, missing };
}

/** Rows of several classifiers have their name before them. */
function labeled(label: string | null, name: string): string {
  return label === null ? name : `${label}:${name}`;
}

function classifierTask(
  { config, runSeed, classifier, test, validation }: EvaluationInputs,
  seed: number,
  { real, synthetic }: Pick<ClassifierTask, "real" | "synthetic">,
): ClassifierTask {
  const { steps, batchSize, learningRate, syntheticShare, realLossShare } = config;
  const both = 0 < real.length && 0 < synthetic.length;
  const id = hashOf({
    kind: "classifier",
    version: evaluationVersion,
    ...{ classifier, seed, runSeed, steps, batchSize, learningRate },
    ...(both && { syntheticShare, realLossShare }),
    real: contents(real),
    synthetic: contents(synthetic),
    test: contents(test),
    validation: validation === undefined ? null : contents(validation),
  });
  return { id, seed, real, synthetic };
}

/** The set of a method that saw the photos of a draw alone, where there is one; else the set of all photos. */
function setOfDraw({ sets }: EvaluationInputs, set: SyntheticSet, { shots, seed }: Draw): SyntheticSet {
  return sets.find(({ method, draw }) => method === set.method && draw?.shots === shots && draw.seed === seed) ?? set;
}

/** The first images of each class that are not left out. */
function firstImages({ images }: SyntheticSet, imagesPerClass: number): readonly EvaluationPicture[] {
  const counts: number[] = [];
  return images.filter(({ label, isLeftOut }) => {
    const count = counts[label] ?? 0;
    if (isLeftOut === true || imagesPerClass <= count) return false;
    counts[label] = count + 1;
    return true;
  });
}

function contents(pictures: readonly EvaluationPicture[]): readonly (readonly [string, number])[] {
  return pictures.map(({ sha256, label }) => [sha256, label] as const);
}

/** Pictures of each label, at least `classes` numbers. */
export function countsByLabel(pictures: readonly { readonly label: number }[], classes = 0): number[] {
  const counts = Array<number>(classes).fill(0);
  for (const { label } of pictures) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
