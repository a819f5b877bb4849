/** The pictures of an evaluation as classifiers take them, read when their turn comes. */
import { readPicture } from "../data/image-file.ts";
import type { PictureForm } from "../eval/classifier.ts";
import type { PixelSource } from "../eval/pixel-batches.ts";
import type { LabeledPicture } from "../eval/training-batch.ts";
import { type EvaluationPicture, readTrainingPicture } from "./evaluate-pictures.ts";
import { stopIfInterrupted } from "./job.ts";
import type { PictureStore } from "./picture-store.ts";

export type PictureSources = {
  /** As a classifier is asked about it. */
  readonly judged: (picture: EvaluationPicture) => PixelSource;
  /** As a classifier learns from it, before it is changed at random. */
  readonly trained: (picture: EvaluationPicture) => LabeledPicture;
};

/** As `judged`, for many pictures: reading them throws LoftError "interrupted" once the signal is aborted. */
export function judgedUntil(signal: AbortSignal, { judged }: Pick<PictureSources, "judged">): PictureSources["judged"] {
  return (picture) => {
    const read = judged(picture);
    return async () => {
      stopIfInterrupted({ signal });
      return read();
    };
  };
}

/** Pictures are kept as bytes, a quarter of what their numbers take. */
export function pictureSources({ name, side, crop, normalize }: PictureForm, store: PictureStore): PictureSources {
  return {
    judged:
      ({ file, sha256 }) =>
      async () =>
        normalize(await store.get(`${name} ${sha256}`, async () => crop(await readPicture(file)))),
    trained: ({ file, sha256, label }) => ({
      label,
      read: () => store.get(`training ${side} ${sha256}`, () => readTrainingPicture(file, side)),
    }),
  };
}
