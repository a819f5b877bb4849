/** What an evaluation trains: the CLIP model that the configuration names, or a network that begins with nothing. */
import { loftError } from "../base/errors.ts";
import { hashOf } from "../base/hash.ts";
import type { RowKind } from "../config/resolve.ts";
import { scratchClassifier } from "../config/scratch-classifier.ts";
import { nativeResolution } from "../diffusion/diffusion-model.ts";
import type { ClassifierKind } from "../eval/classifier.ts";
import { clipClassifier } from "../eval/clip-classifier.ts";
import { resnetClassifier } from "../eval/resnet-classifier.ts";
import { classPrompt } from "../pipeline/prompts.ts";
import type { EvaluationClassifier } from "./evaluate-classifier.ts";
import type { EvaluationWarning } from "./evaluate-pictures.ts";
import type { PreparedJob } from "./prepare-job.ts";

export type TrainedClassifier = {
  /** As results name it. */
  readonly name: string;
  readonly sha256: string;
  readonly kind: ClassifierKind;
  /** Those of the asked rows that it can have. */
  readonly rows: readonly RowKind[];
  readonly warnings: readonly EvaluationWarning[];
};

/**
 * @param clip the model that becomes the classifier, unless it is a network of its own
 * @throws LoftError "config-invalid" when no row is left
 */
export function trainedClassifier(
  { resolution: { config }, dataset, model }: Pick<PreparedJob, "resolution" | "dataset" | "model">,
  clip: EvaluationClassifier,
): TrainedClassifier {
  const { classifier, rows } = config.evaluation;
  if (classifier !== scratchClassifier) {
    const prompts = dataset.classes.map(({ className }) => classPrompt(config.prompt, className));
    const kind = clipClassifier(clip.clip, clip.sha256, prompts);
    return { name: clip.name, sha256: clip.sha256, kind, rows, warnings: [] };
  }
  const resolution = config.training.resolution ?? nativeResolution(model.diffusion);
  const kind = resnetClassifier(dataset.classes.length, resolution, model.diffusion.session);
  const possible = rows.filter((row) => row !== "zero-shot");
  if (possible.length === 0) throw noRows();
  const warnings = possible.length === rows.length ? [] : [withoutZeroShot(clip)];
  return { name: scratchClassifier, sha256: hashOf(kind.identity), kind, rows: possible, warnings };
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
