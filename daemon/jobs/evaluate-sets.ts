/** How good the synthetic sets are beside what classifiers make of them: measured in CLIP's feature space. */
import type { SetQuality } from "../../schemas/results.ts";
import { inPieces, type Pieces } from "../base/pieces.ts";
import { mean, predictedClass } from "../eval/metrics.ts";
import { type Nearest, nearestEarlier, nearestRows, samePictureCosine } from "../eval/near-duplicates.ts";
import {
  coverageOf,
  diversity,
  duplicateGroups,
  type Features,
  frechetDistance,
  kernelDistance,
} from "../eval/set-quality.ts";
import type { EvaluationPicture } from "./evaluate-pictures.ts";
import type { SyntheticSet } from "./evaluate-plan.ts";
import { stopIfInterrupted } from "./job.ts";
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

/**
 * Images whose pairs are all compared: more would take hours. Of a larger set so many, evenly taken, stand for it in the
 * distances and in precision, recall, density and coverage, and duplicates are looked for within each class.
 */
const mostCompared = 5000;

/**
 * Compare a set with the real photos; a thousand pictures' features take a megabyte.
 * @param most images whose pairs are all compared
 * @throws LoftError "interrupted"
 */
export async function setFacts(
  { features, zeroShot }: Pick<Onlooker, "features" | "zeroShot">,
  photos: readonly EvaluationPicture[],
  set: SyntheticSet,
  { signal, most = mostCompared }: { readonly signal: AbortSignal; readonly most?: number },
): Promise<SetFacts> {
  const real = await features(photos);
  const synthetic = await features(set.images);
  const probabilities = await zeroShot(synthetic);
  const seen = { real, synthetic, probabilities };
  return inPieces(factsOf(seen, photos, set, most), () => stopIfInterrupted({ signal }));
}

type SeenSet = Readonly<Record<"real" | "synthetic" | "probabilities", Features>>;

function* factsOf(
  { real, synthetic, probabilities }: SeenSet,
  photos: readonly EvaluationPicture[],
  { method, images }: SyntheticSet,
  most: number,
): Pieces<SetFacts> {
  const threshold = yield* samePictureCosine(real);
  const nearest = (yield* nearestRows(synthetic, real)).map((found) => found!);
  const classes = indicesByLabel(images);
  const earlier = yield* nearestEarlierOfClass(synthetic, classes);
  const some = evenly(synthetic, most);
  const duplicates = yield* synthetic.length <= most
    ? duplicateGroups(synthetic, threshold)
    : duplicatesOfClasses(synthetic, classes, threshold);
  const isEnough = 2 <= real.length && 2 <= synthetic.length;
  const copies = nearest.flatMap(({ index: photo, cosine }, index) =>
    cosine < threshold ? [] : [{ file: images[index]!.name, photo: photos[photo]!.name, cosine }],
  );
  const agree = probabilities.map((each, index) => predictedClass({ probabilities: each }) === images[index]!.label);
  return {
    quality: {
      method,
      images: images.length,
      frechetDistance: isEnough ? yield* frechetDistance(real, some) : null,
      kernelDistance: isEnough ? yield* kernelDistance(real, some) : null,
      ...(yield* coverageOf(real, some)),
      diversity: yield* meanDiversity(synthetic, classes),
      labelAgreement: mean(agree.map(Number)),
      copies: { threshold, images: copies },
      duplicates: {
        threshold,
        groups: duplicates.map((group) => group.map((index) => images[index]!.name)),
      },
    },
    images: images.map(({ label }, index) => ({
      ownProbability: probabilities[index]![label]!,
      photoCosine: nearest[index]!.cosine,
      earlierCosine: earlier[index]?.cosine ?? null,
    })),
  };
}

/** The indices of each class's images, classes in the order of their first image. */
function indicesByLabel(images: SyntheticSet["images"]): readonly (readonly number[])[] {
  const classes = new Map<number, number[]>();
  for (const [index, { label }] of images.entries()) {
    const own = classes.get(label);
    if (own === undefined) classes.set(label, [index]);
    else own.push(index);
  }
  return [...classes.values()];
}

/** At most `most` of the rows, from the first one on in equal steps. */
export function evenly<Row>(rows: readonly Row[], most: number): readonly Row[] {
  if (rows.length <= most) return rows;
  return Array.from({ length: most }, (_, index) => rows[Math.floor((index * rows.length) / most)]!);
}

type Classes = ReturnType<typeof indicesByLabel>;

function featuresOf(features: Features, own: Classes[number]): Features {
  return own.map((index) => features[index]!);
}

/** For each image the nearest of those before it in its class. */
function* nearestEarlierOfClass(features: Features, classes: Classes): Pieces<readonly (Nearest | undefined)[]> {
  const all: (Nearest | undefined)[] = features.map(() => undefined);
  for (const own of classes) {
    const found = yield* nearestEarlier(featuresOf(features, own));
    for (const [place, index] of own.entries()) {
      const nearest = found[place];
      if (nearest !== undefined) all[index] = { ...nearest, index: own[nearest.index]! };
    }
  }
  return all;
}

function* duplicatesOfClasses(
  features: Features,
  classes: Classes,
  threshold: number,
): Pieces<readonly (readonly number[])[]> {
  const all: (readonly number[])[] = [];
  for (const own of classes) {
    const groups = yield* duplicateGroups(featuresOf(features, own), threshold);
    for (const group of groups) all.push(group.map((place) => own[place]!));
  }
  return all;
}

/** Of the classes that have two images. */
function* meanDiversity(features: Features, classes: Classes): Pieces<number | null> {
  const spreads: number[] = [];
  for (const own of classes) {
    const spread = yield* diversity(featuresOf(features, own));
    if (spread !== undefined) spreads.push(spread);
  }
  return spreads.length === 0 ? null : mean(spreads);
}
