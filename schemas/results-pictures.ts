/**
 * Where the pictures of an evaluation lie: the content of `pictures.json` beside its results. Types only. Paths are
 * relative to the run folder (the folder above that of the results), with forward slashes; "" is the run folder itself.
 */

export type ResultsPictures = {
  readonly formatVersion: 1;
  /** Folders of the real photos and of the test pictures; null where they lie on another drive. */
  readonly photos: string | null;
  readonly test: string | null;
  /** In the order of the labels. */
  readonly classes: readonly {
    readonly name: string;
    /** Of its synthetic images: METHOD/data/train/FOLDER. */
    readonly folder: string;
    /** The real photos of the run, relative to `photos`. */
    readonly photos: readonly string[];
  }[];
  /** The run folder of each method with images. */
  readonly methods: readonly { readonly method: string; readonly folder: string }[];
};
