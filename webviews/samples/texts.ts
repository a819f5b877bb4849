/** Every word of the Samples page that a person reads, and how numbers are written. The one file to translate. */
import type { RunProgress, RunState, RunSummary, Sample, Verdict } from "../../schemas/protocol.ts";
import type { Tab, VerdictFilter } from "./protocol.ts";

const whole = new Intl.NumberFormat("en-US");
const loss = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const share = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });

export function countText(count: number): string {
  return whole.format(count);
}

export function lossText(value: number): string {
  return loss.format(value);
}

export function weightText(weight: number): string {
  return share.format(weight);
}

/** "40 s", "3 min", "2 h 5 min". */
export function durationText(seconds: number): string {
  if (seconds < 59.5) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

const stateTexts: { readonly [S in RunState]: string } = {
  queued: "Waiting",
  running: "Running",
  cancelling: "Stopping",
  finished: "Finished",
  interrupted: "Interrupted",
  failed: "Failed",
};

/** What is said of a run where it is evaluated: its samples are there already. */
export function stateText({ state, work }: Pick<RunSummary, "state" | "work">): string {
  return work === "evaluate" ? evaluationTexts[state] : stateTexts[state];
}

const evaluationTexts: { readonly [S in RunState]: string } = {
  ...stateTexts,
  running: "Evaluating",
  finished: "Evaluation finished",
  interrupted: "Evaluation interrupted",
  failed: "Evaluation failed",
};

export const stageTexts: { readonly [S in RunProgress["stage"]]: string } = {
  loading: "Loading the model",
  training: "Training adapters",
  sampling: "Making images",
  evaluating: "Training classifiers",
};

export const tabTexts: { readonly [T in Tab]: string } = {
  samples: "Samples",
  training: "Training",
  pairs: "Pair Matrix",
};

export const verdictTexts: { readonly [V in VerdictFilter]: string } = {
  all: "All verdicts",
  keep: "Kept",
  reject: "Rejected",
  open: "Not judged",
};

export const texts = {
  loading: "Opening the run…",
  noRun: "This panel shows a run: its images, how its adapters train, and what a pair of photos gives.",
  tabs: "Parts of the run",
  progress: "Progress of the run",
  cancel: "Cancel",
  cancelTitle: "Stop; what is finished stays, and the run can go on later",
  resume: "Resume",
  openResults: "Open Results",
  openResultsTitle: "Open the table of the evaluation",
  showLog: "Show Log",
  retry: "Try Again",
  classFilter: "Class",
  allClasses: "All classes",
  verdictFilter: "Verdict",
  thumbnailSize: "Thumbnail size",
  adapters: (done: number, all: number) =>
    `${countText(done)} of ${countText(all)} ${all === 1 ? "adapter" : "adapters"}`,
  images: (done: number, all: number) => `${countText(done)} of ${countText(all)} ${all === 1 ? "image" : "images"}`,
  classifiers: (done: number, all: number) =>
    `${countText(done)} of ${countText(all)} ${all === 1 ? "classifier" : "classifiers"}`,
  classifiersTrained: (count: number) =>
    `${countText(count)} ${count === 1 ? "classifier" : "classifiers"} trained and compared`,
  timeLeft: (seconds: number) => `${durationText(seconds)} left`,
  lossDiverged: "loss diverged: it became NaN or infinite",
  diverged: "diverged",
  failedTasks: (count: number) => (count === 1 ? "1 task failed" : `${countText(count)} tasks failed`),
  percent: (value: number) => `${Math.floor(value * 100)} %`,

  grid: "Images by class",
  noImages: "No images yet. They appear here as they are made.",
  noImagesInterrupted: "No images yet. They appear here once the run goes on.",
  noImagesEver: "This run has no images.",
  noneMatch: "No image matches the filters.",
  showAll: "Show All",
  groupCount: (shown: number, made: number, planned: number) => {
    const all = made < planned ? `${countText(made)} of ${countText(planned)} made` : countText(made);
    return shown === made ? all : `${countText(shown)} shown, ${all}`;
  },
  verdictCounts: (keep: number, reject: number) => `${countText(keep)} kept, ${countText(reject)} rejected`,
  sampleName: ({ className, index }: Sample) => `${className} ${countText(index + 1)}`,
  sampleLabel: (sample: Sample) =>
    [
      texts.sampleName(sample),
      ...(sample.verdict === undefined ? [] : [texts.verdict(sample.verdict)]),
      sample.prompt,
      `${texts.seed} ${sample.seed}`,
    ].join(", "),
  sampleTitle: (sample: Sample) =>
    [
      texts.sampleName(sample),
      sample.prompt,
      `${texts.seed} ${sample.seed}`,
      ...sample.parents.map(({ photo, weight }) => `${photo}: ${weightText(weight)}`),
    ].join("\n"),
  verdict: (verdict: Verdict) => (verdict === "keep" ? "kept" : "rejected"),
  missing: "This image cannot be shown",

  details: "Details of the image",
  back: "Back to the images",
  closeNotice: "Close",
  close: "Close Details",
  previous: "Previous Image",
  next: "Next Image",
  keep: "Keep",
  reject: "Reject",
  keepTitle: "Keep (Space)",
  rejectTitle: "Reject: leave it out of exports (Delete)",
  open: "Open",
  openTitle: "Open the picture in an editor",
  copyRow: "Copy Row",
  copyRowTitle: "Copy its line of the dataset's metadata",
  copied: "The row is in the clipboard.",
  replay: "Replay",
  replayTitle: "Make the picture again and compare the pixels",
  replaying: "Making it again…",
  replaySame: "Made again: the same pixels.",
  replayDiffers: (values: number, largest: number) =>
    `Made again: ${values === 1 ? "1 value differs" : `${countText(values)} values differ`}, by at most ${lossText(largest)} of 255.`,
  parents: "Made from",
  prompt: "Prompt",
  negativePrompt: "Negative prompt",
  none: "none",
  seed: "Seed",
  size: "Size",
  side: (side: number) => `${side} × ${side}`,
  file: "File",
  adapterIds: "Adapters",
  photoAlt: (photo: string) => `Photo ${photo}`,

  noTraining: "No losses yet. The curves grow here while adapters train.",
  lossChart: "Loss by training step",
  step: "Step",
  loss: "Loss",
  mean: "Mean",
  meanOf: (count: number) => (count === 1 ? "1 adapter" : `Mean of ${countText(count)} adapters`),
  range: "Range",
  least: "Least",
  most: "Most",
  showTable: "Show as table",
  showChart: "Show as chart",
  adapter: "Adapter",
  lossTable: "Losses by training step",
  adapterTable: "Adapters and their latest losses",
  showCurve: (photo: string) => `Show the curve of ${photo}`,
  curvesLimit: (most: number) => `Up to ${most} adapters can be shown beside the mean.`,
  more: (count: number) => `Show ${countText(count)} More`,
  chartSummary: (count: number, step: number, first: number, last: number) =>
    `${texts.meanOf(count)}: loss ${lossText(first)} at the start, ${lossText(last)} at step ${countText(step)}.`,

  noPhotos: "This class has no photos.",
  matrix: (className: string) => `Pairs of photos of ${className}`,
  matrixHint: "Each cell is an image made with the adapters of its two photos; on the diagonal is one photo alone.",
  fillAll: "Fill All",
  stopFilling: "Stop",
  filling: (done: number, all: number) => `${countText(done)} of ${countText(all)} pairs`,
  newSeed: "New Seed",
  photosShown: (first: number, last: number, all: number) => `Photos ${first} to ${last} of ${all}`,
  earlierPhotos: "Earlier Photos",
  laterPhotos: "Later Photos",
  cellLabel: (row: string, column: string, state: string) =>
    row === column ? `${row} alone, ${state}` : `${row} and ${column}, ${state}`,
  cellEmpty: "not made yet",
  cellWaiting: "being made",
  cellMade: (weight: number) => `weight ${weightText(weight)}`,
  cellFailed: "failed",
  notTrained: "not trained yet",
  make: "Make",
  makeAgain: "Make Again",
  weightOf: (photo: string) => `Weight of ${photo}`,
  oneAdapter: "One adapter alone, with all the weight.",
  madeIn: (seconds: number) => `Made in ${lossText(seconds)} s`,
  chooseCell: "Choose a cell to see it large and to change its weights.",
  selectedPair: "Selected pair",
} as const;

type Shown = Pick<RunSummary, "state" | "work" | "progress">;

/** How much is done of what the run works on. */
export function progressCounts({ state, progress }: Pick<Shown, "state" | "progress">): readonly string[] {
  if (progress === undefined) return [];
  const { stage, adaptersDone, adapters, imagesDone, images } = progress;
  if (stage === "evaluating") {
    // Without training there is only what CLIP answers of itself.
    if (adapters === 0) return [];
    return [state === "finished" ? texts.classifiersTrained(adapters) : texts.classifiers(adaptersDone, adapters)];
  }
  return [texts.adapters(adaptersDone, adapters), texts.images(imagesDone, images)];
}

/** One sentence for screen readers, said now and then while the run goes on. */
export function summaryText(run: Shown): string {
  const { state, progress } = run;
  const parts: string[] = [stateText(run), ...progressCounts(run)];
  if (state === "running" && progress?.secondsLeft !== undefined) parts.push(texts.timeLeft(progress.secondsLeft));
  return `${parts.join(", ")}.`;
}
