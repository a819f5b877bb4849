/**
 * What an evaluation found: the content of `results.loft-results.json`, as schemas/loft-results.schema.json describes it.
 * Types only. Accuracies are shares from 0 to 1; null stands for what cannot be told.
 */

export type LoftResults = {
  readonly formatVersion: 1;
  readonly name: string;
  /** Runs are missing, or the evaluation is still going on. */
  readonly partial: boolean;
  readonly dataset: {
    /** In the order of the labels: place i is class i of every list and matrix below. */
    readonly classes: readonly string[];
    /** Real photos of all classes, test pictures, validation pictures. */
    readonly photos: number;
    readonly test: number;
    readonly validation: number | null;
  };
  /** The id of the row that differences are measured from; null where it is missing, or where rows have their own. */
  readonly reference: string | null;
  readonly rows: readonly ResultRow[];
  readonly sets: readonly SetQuality[];
  readonly warnings: readonly { readonly what: string; readonly fix: string }[];
  readonly classifier: ResultClassifier;
  /** All of them where there are several; `classifier` is the first. */
  readonly classifiers?: readonly ResultClassifier[];
  readonly model: { readonly name: string; readonly sha256: string };
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of the resolved configuration. */
  readonly configHash: string;
  /**
   * In a table over several datasets its columns: rows are then means over those that have them, classes, sets,
   * confusion and accuracies by class are empty, and the tasks of runs, too.
   */
  readonly datasets?: readonly ResultDataset[];
};

/** One dataset of a table over several. */
export type ResultDataset = {
  readonly name: string;
  /** Its own results file, relative to this one, with forward slashes; null where there is none. */
  readonly results: string | null;
  /** Its evaluation failed, is not done, or lacks runs. */
  readonly partial: boolean;
  /** Why there are no results of it. */
  readonly problem: { readonly what: string; readonly fix: string } | null;
};

export type ResultClassifier = { readonly name: string; readonly sha256: string } & ClassifierParameters;

export type ClassifierParameters = {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** In the rows with both kinds: what part of a batch is synthetic, of the loss real; earlier files: 0.5 and 0.8. */
  readonly syntheticShare?: number;
  readonly realLossShare?: number;
};

/** One line of the table. */
export type ResultRow = {
  readonly id: string;
  readonly title: string;
  /** Where there are several: what the title and the id begin with. */
  readonly classifier?: string;
  /** Where there are several classifiers or shots and no row was named: the row that `difference` is to. */
  readonly reference?: string | null;
  readonly kind: "zero-shot" | "real" | "synthetic" | "real+synthetic";
  readonly method: string | null;
  /** Real photos per class, synthetic images per class; null where the row has none. */
  readonly shots: number | null;
  readonly imagesPerClass: number | null;
  readonly runs: readonly ResultRun[];
  /** Runs that are not there, and why. */
  readonly missing: readonly { readonly seed: number; readonly reason: string }[];
  readonly mean: number | null;
  /** Of a sample; null below two runs. */
  readonly std: number | null;
  /** Means over the runs. */
  readonly perClass: readonly number[];
  /** Pictures by label (row) and predicted class (column), summed over the runs. */
  readonly confusion: readonly (readonly number[])[];
  /** Expected calibration error over 15 bins, the mean over the runs. */
  readonly calibrationError: number | null;
  /** To the reference row, the row's own where it has one: paired bootstrap over trainings and pictures. */
  readonly difference: {
    readonly difference: number;
    readonly low: number;
    readonly high: number;
    readonly confidence: number;
  } | null;
  /** In a table over several datasets: what each of them says, in their order; null where it has no such row. */
  readonly perDataset?: readonly (DatasetCell | null)[];
};

export type DatasetCell = {
  readonly mean: number | null;
  readonly std: number | null;
  readonly runs: number;
  readonly missing: number;
};

export type ResultRun = {
  readonly seed: number;
  readonly task: string;
  readonly accuracy: number;
  /** Of the step that was chosen; null without validation pictures. */
  readonly validationAccuracy: number | null;
  readonly step: number;
  /** Pictures it learned from. */
  readonly realPictures: number;
  readonly syntheticPictures: number;
};

/** A method's synthetic images against the real photos they were made from, in the classifier's feature space. */
export type SetQuality = {
  readonly method: string;
  readonly images: number;
  readonly frechetDistance: number | null;
  readonly kernelDistance: number | null;
  readonly precision: number;
  readonly recall: number;
  readonly density: number;
  readonly coverage: number;
  /** Mean over the classes of 1 - cosine between two images of a class; null where no class has two. */
  readonly diversity: number | null;
  /** Share of the images that zero-shot classification gives their own class. */
  readonly labelAgreement: number;
  /** Images whose nearest real photo is at least as near as `threshold`. */
  readonly copies: {
    readonly threshold: number;
    readonly images: readonly { readonly file: string; readonly photo: string; readonly cosine: number }[];
  };
  /** Groups of images that are linked by cosines of at least `threshold`. */
  readonly duplicates?: { readonly threshold: number; readonly groups: readonly (readonly string[])[] };
  /** What verdicts of the user and rules of the configuration kept out of training; without them empty. */
  readonly leftOut?: readonly LeftOut[];
};

/** What was left out for one reason; an image counts for the first reason that holds. */
export type LeftOut = {
  /** "rejected" by the user, who has no threshold; else the field of `evaluation` in the configuration, and its value. */
  readonly rule: "rejected" | "minLabelProbability" | "maxPhotoCosine" | "maxImageCosine";
  readonly threshold: number | null;
  /** Images of each class. */
  readonly perClass: readonly number[];
  readonly files: readonly string[];
};
