/** Every word of the results page that a person reads, and how numbers are written. The one file to translate. */
import type { ResultRow } from "../../schemas/results.ts";
import type { CopyFormat, Metric, ResultsTab, Split } from "./protocol.ts";

const whole = new Intl.NumberFormat("en-US");

export function countText(count: number): string {
  return whole.format(count);
}

/** In percent with one digit, without the sign. */
export function percentText(share: number): string {
  return (100 * share).toFixed(1).replace(/^-(?=0\.0$)/, "");
}

/** As `percentText`, with plus or minus. */
export function signedPercentText(share: number): string {
  const text = percentText(Math.abs(share));
  return share < 0 && text !== "0.0" ? `−${text}` : `+${text}`;
}

export function figureText(value: number): string {
  return value.toFixed(3).replace(/^-(?=0\.000$)/, "");
}

export function wholePercentText(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** With at most one digit. */
function shortPercentText(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function plural(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

export const tabTexts: { readonly [T in ResultsTab]: string } = {
  table: "Table",
  scaling: "Scaling",
  confusion: "Confusion",
  sets: "Sets",
};

export const metricTexts: { readonly [M in Metric]: string } = {
  accuracy: "Accuracy",
  calibration: "Calibration error",
  classes: "Accuracy by class",
  sets: "Quality of the sets",
};

export const splitTexts: { readonly [S in Split]: string } = {
  test: "Test pictures",
  validation: "Validation pictures",
};

export const formatTexts: { readonly [F in CopyFormat]: string } = {
  markdown: "Markdown",
  csv: "CSV",
  latex: "LaTeX",
};

export const groupTexts: { readonly [K in ResultRow["kind"]]: string } = {
  "zero-shot": "Without training",
  real: "Real photos",
  synthetic: "Synthetic images",
  "real+synthetic": "Real photos and synthetic images",
};

const methodTitles: Readonly<Record<string, string>> = {
  loft: "LoFT",
  "datadream-class": "DataDream (class)",
  "datadream-dataset": "DataDream (dataset)",
  "class-prompt": "ClassPrompt",
  "caption-prompt": "CaptionPrompt",
};

/** Methods that this version does not know keep their names. */
export function methodTitle(method: string): string {
  return Object.hasOwn(methodTitles, method) ? (methodTitles[method] as string) : method;
}

/** Rules that this version does not know are named as in the configuration. */
function ruleText(rule: string, threshold: number | null): string {
  switch (rule) {
    case "rejected":
      return "rejected by you";
    case "minLabelProbability":
      return `probability of the own class below ${threshold}`;
    case "maxPhotoCosine":
      return `nearer to a real photo than a cosine of ${threshold}`;
    case "maxImageCosine":
      return `nearer to an earlier image than a cosine of ${threshold}`;
    default:
      return threshold === null ? rule : `${rule} ${threshold}`;
  }
}

/** The figures of a set: title, and what it says. */
export const figureAbout = {
  frechetDistance: ["Fréchet", "Fréchet distance to the real photos in CLIP's features; less is nearer"],
  kernelDistance: ["Kernel", "Kernel distance to the real photos in CLIP's features; less is nearer"],
  precision: ["Precision", "Share of the images that lie among the real photos"],
  recall: ["Recall", "Share of the real photos that lie among the images"],
  density: ["Density", "How thickly the images lie where real photos are; 1 is as thick as the photos themselves"],
  coverage: ["Coverage", "Share of the real photos that have an image near them"],
  diversity: ["Diversity", "How far apart two images of a class are, in the mean"],
  labelAgreement: ["Labels agree", "Percent of the images that zero-shot classification gives their own class"],
} as const;

export const texts = {
  title: "Results of an evaluation",
  loading: "Opening the results…",
  nothing: "There is nothing to show.",
  noRows: "No rows yet. They appear here as the evaluation gets to them.",
  noRowsEver: "The evaluation has no rows: name some in evaluation.rows of the configuration.",
  tabs: "Parts of the results",
  retry: "Try Again",
  closeNotice: "Close",
  openText: "Open as Text",
  partial: "Partial",
  partialTitle: "Runs are missing, or the evaluation is still going on",
  live: "Evaluating",
  liveOver: "The evaluation is over.",
  progress: "Progress of the evaluation",
  stale: "What was read before stays in sight.",
  warnings: (count: number) => plural(count, "warning", "warnings"),
  datasets: (count: number) => plural(count, "dataset", "datasets"),
  datasetProblem: (name: string, what: string, fix: string) => `${name}: ${what} ${fix}`,
  overDatasets: "This table is over several datasets. Each has results of its own, with its classes and pictures:",
  datasetFile: (name: string, file: string | null) => `${name}: ${file ?? "no results yet"}`,
  classes: (count: number) => plural(count, "class", "classes"),
  photos: (count: number) => plural(count, "real photo", "real photos"),
  testPictures: (count: number) => plural(count, "test picture", "test pictures"),
  validationPictures: (count: number) => plural(count, "validation picture", "validation pictures"),
  noValidation: "no validation pictures: the last step counts",
  classifier: (name: string, steps: number, batch: number, rate: number) =>
    `Classifier ${name}, ${plural(steps, "step", "steps")} of ${plural(batch, "picture", "pictures")}, learning rate ${rate}`,
  bothKinds: (ofBatch: number, ofLoss: number) =>
    `Of real + synthetic: ${shortPercentText(ofBatch)} of a batch and ${shortPercentText(ofLoss)} of the loss are synthetic`,
  model: (name: string) => `Images by ${name}`,

  metric: "Metric",
  split: "Split",
  shotsFilter: "Real photos per class",
  imagesFilter: "Synthetic images per class",
  allShots: "All shots",
  allImages: "All image counts",
  shots: (count: number) => plural(count, "shot", "shots"),
  images: (count: number) => `${plural(count, "image", "images")} per class`,
  referenceChoice: "Row that differences are measured from",
  against: (label: string) => `Against ${label}`,
  noReference: "No reference",
  ownReferences: "Against each row's own reference",
  ownReference: "the reference row of the same classifier",
  classifierFilter: "Classifier",
  allClassifiers: "All classifiers",
  rowsShown: (shown: number, all: number) => `Rows: ${countText(shown)} of ${countText(all)} shown`,
  showAll: "Show All",
  hideRow: (label: string) => `Hide ${label}`,
  referRow: (label: string) => `Measure differences from ${label}`,
  copyAs: "Copy as",
  copied: (format: CopyFormat) => `The table is in the clipboard as ${formatTexts[format]}.`,

  resultsTable: (metric: Metric, split: Split) => `${metricTexts[metric]}, ${splitTexts[split].toLowerCase()}`,
  setsTable: "Quality of the synthetic sets",
  row: "Row",
  set: "Set",
  shotsColumn: "Shots",
  shotsAbout: "Real photos per class",
  imagesColumn: "Images",
  imagesAbout: "Synthetic images per class",
  accuracy: "Accuracy",
  accuracyAbout: (split: Split) => `Percent of the ${splitTexts[split].toLowerCase()} that are classified right`,
  mean: "Mean",
  meanAbout: "Mean accuracy in percent over the datasets that have the row",
  fewerImages: (fewest: number, wanted: number) =>
    `A run learned from ${fewest} of ${wanted} images: the photos drawn, verdicts and rules leave no more`,
  missingOf: (runs: number, all: number) => `${runs} of ${all} runs`,
  ece: "ECE",
  eceAbout: "Expected calibration error in percent: how far confidence is from accuracy; less is better",
  differenceInterval: "Difference [95 %]",
  differenceSpread: "Difference ± std",
  differenceAbout: "Accuracy minus that of the reference row, in percent points",
  runs: "Runs",
  runsAbout: "Trainings, each with a seed of its own",
  runsOf: (done: number, all: number) => `${done} of ${all}`,
  imagesCount: "Images",
  copies: "Copies",
  copiesAbout: "Images that are too near to a real photo",
  duplicates: "Duplicates",
  duplicatesAbout: "Groups of images that are nearly the same",
  leftOut: "Left out",
  leftOutAbout: "Images that your verdicts or the rules of the configuration kept out of training",
  sortBy: (title: string) => `Sort by ${title}`,
  best: "best",
  second: "second best",
  reference: "reference",
  clear: "the interval is clear of 0",
  waiting: "computing…",
  unknown: "cannot be told",
  missingPlace: (label: string, seeds: readonly number[]) =>
    `${label} (${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")})`,
  missingTitle: (reasons: readonly string[]) => `Missing: ${reasons.join(" ")}`,
  noneShown: "All rows are hidden.",
  noSets: "The evaluation has no synthetic sets.",
  noteMarks: "Bold: best. Underlined: second best. Of the rows shown.",
  noteMarksEach: "Bold: best. Underlined: second best. Of the rows shown of each classifier.",
  noteSpread: "±: standard deviation over the runs of a row.",
  noteSingle:
    "A row of one run has no deviation, and the interval of its difference knows the chance of the test pictures alone: raise evaluation.seeds.",
  noteValidation: "Validation pictures chose the training step, so these accuracies are a little too good.",
  noteFile: (label: string) =>
    `Differences are to ${label}, with the 95 % interval of a paired bootstrap over trainings and test pictures. Bold: the interval is clear of 0.`,
  noteComputed: (label: string) =>
    `Differences are to ${label}, with the 95 % interval of a paired bootstrap over trainings and test pictures, computed here. Bold: the interval is clear of 0.`,
  noteSpreadDifference: (label: string) =>
    `Differences are to ${label}: the mean over seeds and its standard deviation. This is the spread of trainings, not an interval.`,
  noteNoPredictions: "The answers to the single pictures cannot be read, so there are no intervals to this row.",
  noteMissing: (reason: string, places: readonly string[]) => `${reason} ${places.join("; ")}.`,
  noteLess: (titles: readonly string[]) => `${titles.join(", ")}: less is better.`,
  missingHead: "Missing runs",
  lessIsBetter: "less is better",

  scaleShots: "Accuracy against real photos",
  scaleImages: "Accuracy against synthetic images",
  kindFilter: "Rows drawn",
  kindTexts: { synthetic: "Synthetic images only", "real+synthetic": "Real photos and synthetic images" },
  shotsAxis: "Real photos per class",
  imagesAxis: "Synthetic images per class",
  accuracyAxis: "Accuracy, %",
  band: "Bands: one standard deviation over the runs.",
  numbers: "Numbers",
  oneShots:
    'Only one number of real photos was evaluated. With several, as in "shots": [1, 2, 4, 8, 16] of the evaluation, accuracy is drawn against them here.',
  oneImages:
    'Only one number of synthetic images was evaluated. With several, as in "imagesPerClass": [10, 50, 100, 500] of the evaluation, accuracy is drawn against them here.',
  noScaling: "No row has an answer yet.",
  fixedImages: (count: number) => `at ${texts.images(count)}`,
  fixedShots: (count: number) => `at ${texts.shots(count)}`,
  chartSummary: (title: string, series: readonly string[]) => `${title}. ${series.join(" ")}`,
  seriesSummary: (label: string, from: string, to: string, first: string, last: string) =>
    from === to ? `${label}: ${first} at ${from}.` : `${label}: ${first} at ${from}, ${last} at ${to}.`,
  constantSummary: (label: string, value: string) => `${label}: ${value} throughout.`,

  confusionRow: "Row of the matrix",
  confusionGrid: (label: string) => `Confusion of ${label}`,
  confusionHint: "Lines are the true classes, columns the answers; numbers are test pictures, summed over the runs.",
  noConfusion: "No row has answers yet.",
  trueClass: "True class",
  predictedClass: "Answer",
  cellLabel: (truth: string, answer: string, count: number, share: number) =>
    truth === answer
      ? `${truth} taken for ${answer}, right: ${countText(count)}, ${wholePercentText(share)}`
      : `${truth} taken for ${answer}: ${countText(count)}, ${wholePercentText(share)}`,
  cellTitle: (truth: string, answer: string) =>
    truth === answer ? `${truth}, recognized` : `${truth}, taken for ${answer}`,
  cellCount: (count: number, all: number) => `${countText(count)} of ${countText(all)} answers`,
  chooseCell: "Choose a cell to see its pictures.",
  noPictures: "No picture.",
  mostConfused: "Most confused",
  confusedPair: (truth: string, answer: string) => `${truth} → ${answer}`,
  pictures: "Pictures of the cell",
  loadingPictures: "Looking for the pictures…",
  pictureRuns: (runs: number, all: number) => (all <= 1 ? "" : `${runs} of ${all} runs`),
  pictureSure: (probability: number) => `${wholePercentText(probability)} sure`,
  openPicture: (name: string) => `Open ${name}`,
  gone: "The picture is gone",
  more: (count: number) => `Show ${countText(count)} More`,
  tooManyClasses: (count: number) =>
    `A matrix of ${countText(count)} classes would be too large to read; the most confused pairs are listed.`,

  classChoice: "Class",
  realPhotos: "Real photos",
  loadingSets: "Looking for the images…",
  figuresAbout: "Figures are of all classes of a set, against all real photos.",
  setCount: (shown: number, total: number) =>
    shown < total ? `${countText(shown)} of ${countText(total)} shown` : `${countText(total)} shown`,
  emptySet: "This class has none.",
  copyOf: (photo: string, cosine: number) => `Nearly a copy of ${photo}, cosine ${figureText(cosine)}`,
  copiesOf: (count: number) => `${plural(count, "image is", "images are")} nearly a copy of a real photo`,
  noCopies: "No copies of real photos",
  copiesThreshold: (threshold: number) => `cosine of at least ${threshold}`,
  allClasses: "all classes",
  duplicateGroups: (count: number, threshold: number) =>
    `${plural(count, "group", "groups")} of images that are nearly the same (cosine of at least ${threshold})`,
  leftOutOf: (count: number) => `${plural(count, "image", "images")} left out of training`,
  leftOutRule: (rule: string, threshold: number | null, count: number) =>
    `${countText(count)}: ${ruleText(rule, threshold)}`,
} as const;
