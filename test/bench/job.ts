/** What the benchmark's processes tell each other. */

/** What a contestant does. */
export type Job = {
  readonly kind: "train" | "sample" | "switch" | "clip" | "resnet";
  /** Adapters, images or classifiers at once; adapters to choose among. */
  readonly count: number;
  /** Denoising steps of an image. */
  readonly steps: number;
  readonly model: string;
  readonly resolution: number;
  /** Waiting threads spin. */
  readonly dedicated: boolean;
  /** Classifiers' pictures are augmented and mixed for each step, else they are there already. */
  readonly drawn?: boolean;
};

/** What it says after a piece of work. */
export type Answer = {
  /** Adapter-steps, images, switches, or pictures that a classifier learnt from. */
  readonly perSecond: number;
  /** The most memory the process has had, resident. */
  readonly peakBytes: number;
};

/** A contestant's work, made ready. */
export type Work = {
  /** The smallest piece of it. */
  readonly warmUp: () => Promise<void>;
  readonly run: () => Promise<{ readonly perSecond: number }>;
  readonly end: () => Promise<void>;
};

/** The adapters of all contestants. */
export const rank = 2;
export const targetModules = ["to_q", "to_k", "to_v", "to_out.0"] as const;
export const guidanceScale = 2;

/** What all classifiers tell apart. */
export const classNames: readonly string[] = "cat,dog,car,house,tree,fish,cup,shoe,bird,lamp".split(",");
export const picturesPerStep = 32;
