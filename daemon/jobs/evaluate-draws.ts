/** The few-shot draws of an evaluation: which photos each seed has where a class has more than there are shots. Pure. */
import { randomStream, shuffled } from "../base/random.ts";
import type { EvaluationPicture } from "./evaluate-pictures.ts";

/** `shots` photos of each class, chosen by `seed`. */
export type Draw = { readonly shots: number; readonly seed: number };

export type Drawable = {
  readonly runSeed: number;
  readonly classes: number;
  readonly photos: readonly EvaluationPicture[];
};

/** The first `shots` of each class in an order that the seed decides; all, in their own order, where there are no more. */
export function drawnPhotos(
  { photos, classes, runSeed }: Drawable,
  { shots, seed }: Draw,
): readonly EvaluationPicture[] {
  return Array.from({ length: classes }, (_, label) => label).flatMap((label) => {
    const own = photos.filter((photo) => photo.label === label);
    return own.length <= shots ? own : shuffled(own, randomStream(runSeed, "shots", label, seed)).slice(0, shots);
  });
}

/** The draws that leave photos out, by shots and then by seed. */
export function smallDraws(
  drawable: Drawable,
  { shots, seeds }: { readonly shots: readonly number[] | null; readonly seeds: number },
): readonly Draw[] {
  const all = drawable.photos.length;
  const few = (shots ?? []).filter((each) => drawnPhotos(drawable, { shots: each, seed: 0 }).length < all);
  return few.flatMap((each) => Array.from({ length: seeds }, (_, seed): Draw => ({ shots: each, seed })));
}
