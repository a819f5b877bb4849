/** How good the synthetic sets are beside what classifiers make of them: measured in CLIP's feature space. */
import type { SetQuality } from "../../schemas/results.ts";
import { mean, predictedClass } from "../eval/metrics.ts";
import { nearestEarlier, nearestRows, samePictureCosine } from "../eval/near-duplicates.ts";
import { coverageOf, diversity, duplicateGroups, frechetDistance, kernelDistance } from "../eval/set-quality.ts";
import type { EvaluationPicture } from "./evaluate-pictures.ts";
import type { SyntheticSet } from "./evaluate-plan.ts";
import type { Onlooker } from "./onlooker.ts";

/** A set's quality, and of each image what the rules of `left-out.ts` ask. */
export type SetFacts = {
  readonly quality: Omit<SetQuality, "leftOut">;
  readonly images: readonly ImageFacts[];
};

export type ImageFacts = {
  /** Zero-shot probability of its own class. */
  readonly ownProbability: number;
  /** Cosine to the nearest real photo, of any class. */
  readonly photoCosine: number;
  /** Cosine to the nearest earlier image of its class; null for the first. */
  readonly earlierCosine: number | null;
};

/** Compare a set with the real photos; a thousand pictures' features take a megabyte. */
export async function setFacts(
  { features, zeroShot }: Onlooker,
  photos: readonly EvaluationPicture[],
  { method, images }: SyntheticSet,
): Promise<SetFacts> {
  const real = await features(photos);
  const synthetic = await features(images);
  const probabilities = await zeroShot(synthetic);
  const threshold = samePictureCosine(real);
  const nearest = nearestRows(synthetic, real).map((found) => found!);
  const isOfOneClass = (index: number, other: number) => images[index]!.label === images[other]!.label;
  const earlier = nearestEarlier(synthetic, isOfOneClass);
  const isEnough = 2 <= real.length && 2 <= synthetic.length;
  const copies = nearest.flatMap(({ index: photo, cosine }, index) =>
    cosine < threshold ? [] : [{ file: images[index]!.name, photo: photos[photo]!.name, cosine }],
  );
  const agree = probabilities.map((each, index) => predictedClass({ probabilities: each }) === images[index]!.label);
  return {
    quality: {
      method,
      images: images.length,
      frechetDistance: isEnough ? frechetDistance(real, synthetic) : null,
      kernelDistance: isEnough ? kernelDistance(real, synthetic) : null,
      ...coverageOf(real, synthetic),
      diversity: meanDiversity(synthetic, images),
      labelAgreement: mean(agree.map(Number)),
      copies: { threshold, images: copies },
      duplicates: {
        threshold,
        groups: duplicateGroups(synthetic, threshold).map((group) => group.map((index) => images[index]!.name)),
      },
    },
    images: images.map(({ label }, index) => ({
      ownProbability: probabilities[index]![label]!,
      photoCosine: nearest[index]!.cosine,
      earlierCosine: earlier[index]?.cosine ?? null,
    })),
  };
}

/** Of the classes that have two images. */
function meanDiversity(features: readonly Float32Array[], images: SyntheticSet["images"]): number | null {
  const spreads = [...new Set(images.map(({ label }) => label))].flatMap((label) => {
    const spread = diversity(features.filter((_, index) => images[index]!.label === label));
    return spread === undefined ? [] : [spread];
  });
  return spreads.length === 0 ? null : mean(spreads);
}
