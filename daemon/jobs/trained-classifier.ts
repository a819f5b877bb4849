/** What an evaluation trains: the CLIP models that the configuration names, or a network that begins with nothing. */
import { loftDefaults } from "../../schemas/generated/loft-defaults.ts";
import { loftError } from "../base/errors.ts";
import { hashOf } from "../base/hash.ts";
import { type ChosenClassifier, chosenClassifiers } from "../config/evaluation-classifiers.ts";
import type { RowKind } from "../config/resolve.ts";
import { scratchClassifier } from "../config/scratch-classifier.ts";
import { nativeResolution } from "../diffusion/diffusion-model.ts";
import type { ClassifierKind, TrainingLength } from "../eval/classifier.ts";
import { clipClassifier } from "../eval/clip-classifier.ts";
import { resnetClassifier } from "../eval/resnet-classifier.ts";
import { classPrompt } from "../pipeline/prompts.ts";
import { type EvaluationClassifier, findClassifier } from "./evaluate-classifier.ts";
import type { EvaluationWarning } from "./evaluate-pictures.ts";
import type { PreparedJob } from "./prepare-job.ts";

export type TrainedClassifier = {
  /** As results name it. */
  readonly name: string;
  /** What its rows are called by; null where it is the only classifier. */
  readonly label: string | null;
  readonly sha256: string;
  readonly kind: ClassifierKind;
  readonly length: TrainingLength;
  /** Those of the asked rows that it can have. */
  readonly rows: readonly RowKind[];
  /** The model that it is before its training; undefined where it begins with nothing. */
  readonly clip: EvaluationClassifier | undefined;
};

export type TrainedClassifiers = {
  /** Looks at sets and splits without training: the first CLIP model named, else the bundled one. */
  readonly eye: EvaluationClassifier;
  /** In the order of the configuration, at least one. */
  readonly trained: readonly TrainedClassifier[];
  readonly warnings: readonly EvaluationWarning[];
};

type Places = { readonly modelsFolder: string; readonly baseFolder: string };

/**
 * Find, check and read the classifiers of `evaluation.classifier`.
 * @throws LoftError "config-invalid" when one of them is left without a row, and what `findClassifier` throws
 */
export async function trainedClassifiers(own: PreparedJob, places: Places): Promise<TrainedClassifiers> {
  const { evaluation } = own.resolution.config;
  const { session } = own.model.diffusion;
  const chosen = chosenClassifiers(evaluation);
  const clips = new Map<string, EvaluationClassifier>();
  for (const { name } of chosen) {
    if (name !== scratchClassifier) clips.set(name, await findClassifier(name, places, session));
  }
  const [first] = clips.values();
  const eye = first ?? (await findClassifier(loftDefaults.evaluation.classifier, places, session));
  const trained = chosen.map((each) => trainedClassifier(own, each, clips.get(each.name)));
  const isLacking = first === undefined && evaluation.rows.includes("zero-shot");
  return { eye, trained: withLabels(trained, chosen), warnings: isLacking ? [withoutZeroShot(eye)] : [] };
}

function trainedClassifier(
  { resolution: { config }, dataset, model }: PreparedJob,
  { learningRate, steps }: ChosenClassifier,
  clip: EvaluationClassifier | undefined,
): TrainedClassifier {
  const { rows, batchSize, syntheticShare, realLossShare } = config.evaluation;
  const length = { steps, batchSize, learningRate, syntheticShare, realLossShare };
  const common = { label: null, length, clip };
  if (clip !== undefined) {
    const prompts = dataset.classes.map(({ className }) => classPrompt(config.prompt, className));
    const kind = clipClassifier(clip.clip, clip.sha256, prompts);
    return { ...common, name: clip.name, sha256: clip.sha256, kind, rows };
  }
  const resolution = config.training.resolution ?? nativeResolution(model.diffusion);
  const kind = resnetClassifier(dataset.classes.length, resolution, model.diffusion.session);
  const possible = rows.filter((row) => row !== "zero-shot");
  if (possible.length === 0) throw noRows();
  return { ...common, name: scratchClassifier, sha256: hashOf(kind.identity), kind, rows: possible };
}

/** Rows of several classifiers are told apart by their names; folders of one name by their places. */
function withLabels(
  trained: readonly TrainedClassifier[],
  chosen: readonly ChosenClassifier[],
): readonly TrainedClassifier[] {
  if (trained.length === 1) return trained;
  const count = (name: string) => trained.filter((each) => each.name === name).length;
  return trained.map((each, index) => ({ ...each, label: 1 < count(each.name) ? chosen[index]!.name : each.name }));
}

function noRows() {
  return loftError("config-invalid", {
    what: `evaluation.rows asks for "zero-shot" alone, and ${scratchClassifier} begins with nothing: it cannot answer untrained.`,
    fix: 'Add "real", "synthetic" or "real+synthetic" to evaluation.rows, or name a CLIP model as evaluation.classifier.',
  });
}

function withoutZeroShot({ name }: EvaluationClassifier): EvaluationWarning {
  return {
    what: `${scratchClassifier} begins with nothing, so the table has no zero-shot row; the sets are measured with ${name}.`,
    fix: 'Leave "zero-shot" out of evaluation.rows, or name a CLIP model as evaluation.classifier.',
  };
}
