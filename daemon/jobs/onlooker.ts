/** CLIP as it is, looking at pictures of an evaluation: sessions are made when first needed, features kept while it lasts. */
import type { ClipModel } from "../eval/clip-model.ts";
import { createImageEncoder, encodeClasses, type ImageEncoder, zeroShotProbabilities } from "../eval/zero-shot.ts";
import { judgedAtOnce } from "./classifier-sessions.ts";
import type { EvaluationPicture } from "./evaluate-pictures.ts";
import type { Releasable } from "./keep-latest.ts";
import { judgedUntil, type PictureSources } from "./picture-sources.ts";

export type Onlooker = Releasable & {
  /** Features of length 1, one for each picture. */
  readonly features: (pictures: readonly EvaluationPicture[]) => Promise<readonly Float32Array[]>;
  /** Zero-shot probabilities of the classes, from features. */
  readonly zeroShot: (features: readonly Float32Array[]) => Promise<readonly Float32Array[]>;
};

/**
 * Release what this makes. Looking at pictures ends with LoftError "interrupted" once the signal is aborted.
 * @param templates prompts of each class
 */
export function onlooker(
  clip: ClipModel,
  templates: readonly (readonly string[])[],
  { sources, signal }: { readonly sources: PictureSources; readonly signal: AbortSignal },
): Onlooker {
  let encoder: ImageEncoder | undefined;
  let classes: readonly Float32Array[] | undefined;
  const known = new Map<string, Float32Array>();
  return {
    features: async (pictures) => {
      const missing = [...new Map(pictures.map((picture) => [picture.sha256, picture])).values()].filter(
        ({ sha256 }) => !known.has(sha256),
      );
      if (0 < missing.length) {
        encoder ??= await createImageEncoder(clip, judgedAtOnce);
        const found = await encoder.encode(missing.map(judgedUntil(signal, sources)));
        for (const [index, { sha256 }] of missing.entries()) known.set(sha256, found[index]!);
      }
      return pictures.map(({ sha256 }) => known.get(sha256)!);
    },
    zeroShot: async (features) => {
      classes ??= await encodeClasses(clip, templates);
      return zeroShotProbabilities(clip, features, classes);
    },
    release: async () => encoder?.release(),
  };
}
