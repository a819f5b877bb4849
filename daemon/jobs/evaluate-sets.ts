/** How good the synthetic sets are beside what classifiers make of them: measured in the classifier's feature space. */
import type { SetQuality } from "../../schemas/results.ts";
import type { ClipModel } from "../eval/clip-model.ts";
import { mean, predictedClass } from "../eval/metrics.ts";
import { coverageOf, diversity, frechetDistance, kernelDistance, nearest } from "../eval/set-quality.ts";
import type { ImageEncoder } from "../eval/zero-shot.ts";
import { zeroShotProbabilities } from "../eval/zero-shot.ts";
import type { EvaluationPicture } from "./evaluate-pictures.ts";
import type { SyntheticSet } from "./evaluate-plan.ts";
import type { PictureSources } from "./picture-sources.ts";

/** Cosine from which an image counts as a copy of a photo. */
const copyThreshold = 0.98;

export type SetInputs = {
  readonly clip: ClipModel;
  readonly encoder: ImageEncoder;
  /** Zero-shot features of the classes. */
  readonly classes: readonly Float32Array[];
  readonly photos: readonly EvaluationPicture[];
  readonly sources: PictureSources;
};

/** Compare a set with the real photos; pictures with the features' width, so that a thousand take a megabyte. */
export async function setQuality(inputs: SetInputs, { method, images }: SyntheticSet): Promise<SetQuality> {
  const { clip, encoder, classes, photos, sources } = inputs;
  const real = await encoder.encode(photos.map(sources.judged));
  const synthetic = await encoder.encode(images.map(sources.judged));
  const probabilities = await zeroShotProbabilities(clip, synthetic, classes);
  const enough = 2 <= real.length && 2 <= synthetic.length;
  const spreads = classes.flatMap((_, label) => {
    const spread = diversity(synthetic.filter((__, index) => images[index]!.label === label));
    return spread === undefined ? [] : [spread];
  });
  const copies = synthetic.flatMap((row, index) => {
    const { index: photo, cosine } = nearest(row, real);
    if (cosine < copyThreshold) return [];
    return [{ file: images[index]!.name, photo: photos[photo]!.name, cosine }];
  });
  return {
    method,
    images: images.length,
    frechetDistance: enough ? frechetDistance(real, synthetic) : null,
    kernelDistance: enough ? kernelDistance(real, synthetic) : null,
    ...coverageOf(real, synthetic),
    diversity: spreads.length === 0 ? null : mean(spreads),
    labelAgreement: mean(
      probabilities.map((each, index) => Number(predictedClass({ probabilities: each }) === images[index]!.label)),
    ),
    copies: { threshold: copyThreshold, images: copies },
  };
}
