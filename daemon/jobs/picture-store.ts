/** Pictures of an evaluation, read and cut once for all who ask, as far as they fit into memory; the others anew each time. */
import type { Picture } from "../data/picture.ts";

export type PictureStore = {
  /** The picture of a key, kept or made. */
  readonly get: (key: string, make: () => Promise<Picture>) => Promise<Picture>;
};

/**
 * Classifiers go through their pictures again and again in orders of their own, so that those that came first are
 * as good to keep as any others, and a store that is full is left as it is.
 * @param mostBytes of all kept pictures together
 */
export function pictureStore(mostBytes: number): PictureStore {
  const kept = new Map<string, Picture>();
  let bytes = 0;
  return {
    get: async (key, make) => {
      const found = kept.get(key);
      if (found !== undefined) return found;
      const made = await make();
      if (!kept.has(key) && bytes + made.rgb.byteLength <= mostBytes) {
        kept.set(key, made);
        bytes += made.rgb.byteLength;
      }
      return made;
    },
  };
}
