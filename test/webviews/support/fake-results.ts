/**
 * Results as an evaluation would write them, with the predictions behind them: classifiers of given skill answer made-up
 * test pictures by chance, and the daemon's own code makes rows of the answers.
 */
import { bootstrapDifferences } from "../../../daemon/eval/bootstrap.ts";
import { perClassAccuracy } from "../../../daemon/eval/metrics.ts";
import type { LoftResults, ResultRow, ResultRun } from "../../../schemas/results.ts";
import { meanAndStd } from "../../../webviews/results/differences.ts";
import { classNames } from "./fake-run.ts";

export type FakeResultsOptions = {
  readonly shots: readonly number[];
  readonly images: readonly number[];
  readonly seeds?: number;
  readonly validation?: boolean;
  /** The last rows have not all their runs. */
  readonly partial?: boolean;
  readonly classes?: readonly string[];
  /** Each has all the rows. */
  readonly classifiers?: readonly string[];
};

/** What a training answered to one test picture. */
export type FakeAnswer = { readonly label: number; readonly predicted: number; readonly probability: number };

export type FakeResults = {
  readonly results: LoftResults;
  /** By row and seed, in the order of the test pictures. */
  readonly answers: ReadonlyMap<string, readonly FakeAnswer[]>;
};

const picturesPerClass = 20;

const methods = [
  { method: "class-prompt", title: "ClassPrompt", gain: -0.06 },
  { method: "caption-prompt", title: "CaptionPrompt", gain: -0.04 },
  { method: "datadream-class", title: "DataDream (class)", gain: 0.01 },
  { method: "datadream-dataset", title: "DataDream (dataset)", gain: 0 },
  { method: "loft", title: "LoFT", gain: 0.05 },
] as const;

/** The table of the means over datasets, one of which has no results. */
export function fakeAverage(shown: FakeResults): FakeResults {
  const { results } = shown;
  const problem = { what: "The folder is empty.", fix: "Add pictures." };
  const datasets = [
    { name: "pets", results: "../pets/evaluation/results.loft-results.json", partial: false, problem: null },
    { name: "cars", results: "../cars/evaluation/results.loft-results.json", partial: true, problem: null },
    { name: "birds", results: null, partial: true, problem },
  ];
  const rows = results.rows.map((row, index) => {
    const { mean, std, runs } = row;
    const cells = [
      { mean: Math.min(1, mean! + 0.03), std, runs: runs.length, missing: 0 },
      { mean: mean! - 0.03, std, runs: 1, missing: index === 2 ? 2 : 0 },
      null,
    ];
    return { ...row, perClass: [], confusion: [], perDataset: cells };
  });
  const dataset = { ...results.dataset, classes: [] };
  const name = "pets, cars, birds";
  return { ...shown, results: { ...results, name, dataset, datasets, rows, sets: [], warnings: [], partial: true } };
}

export function answerKey(row: string, seed: number): string {
  return `${row} ${seed}`;
}

/** Same options, same results. */
export function fakeResults(options: FakeResultsOptions): FakeResults {
  const classes = options.classes ?? classNames;
  const answers = new Map<string, readonly FakeAnswer[]>();
  const bare = classifierRows(options).map((planned, index, { length }) => {
    const seeds = planned.kind === "zero-shot" ? 1 : (options.seeds ?? 3);
    const done = options.partial === true ? seedsDone(index, length, seeds) : seeds;
    return bareRow(planned, { classes: classes.length, seeds, done, validation: options.validation ?? false }, answers);
  });
  const referenceOf = ({ classifier }: ResultRow) => {
    const own = bare.filter((row) => row.classifier === classifier);
    return own.findLast(({ kind }) => kind === "real") ?? own[0]!;
  };
  const rows = bare.map((row) => {
    const reference = referenceOf(row);
    const own = row.classifier === undefined ? {} : { reference: reference.id };
    return { ...row, ...own, difference: differenceOf(row, reference, answers) };
  });
  return {
    results: resultsOf(rows, rows[0]!.classifier === undefined ? referenceOf(rows[0]!).id : null, classes, options),
    answers,
  };
}

/** A second classifier is worse. */
function classifierRows(options: FakeResultsOptions): readonly PlannedRow[] {
  const rows = plannedRows(options);
  return (options.classifiers ?? []).length === 0
    ? rows
    : options.classifiers!.flatMap((classifier, index) =>
        rows.map((row) => ({
          ...row,
          ...{ id: `${classifier}:${row.id}`, title: `${classifier}: ${row.title}`, classifier },
          skill: row.skill - 0.1 * index,
        })),
      );
}

function resultsOf(
  rows: readonly ResultRow[],
  reference: string | null,
  classes: readonly string[],
  options: FakeResultsOptions,
): LoftResults {
  const copies = [
    { file: "data/train/bird/000003.png", photo: "bird/04_openmoji_owl.png", cosine: 0.9931 },
    { file: "data/train/cat/000007.png", photo: "cat/01_openmoji_cat.png", cosine: 0.9874 },
  ];
  return {
    formatVersion: 1,
    name: "quick-start",
    partial: rows.some(({ missing }) => 0 < missing.length),
    dataset: {
      classes,
      photos: 8 * classes.length,
      test: picturesPerClass * classes.length,
      validation: options.validation === true ? 60 : null,
    },
    reference,
    rows,
    sets: methods.map(({ method, gain }, index) => ({
      method,
      images: Math.max(...options.images) * classes.length,
      frechetDistance: 0.31 - 1.7 * gain,
      kernelDistance: index === 1 ? null : 0.0121 - 0.08 * gain,
      precision: 0.71 + 2 * gain,
      recall: 0.44 + 3 * gain,
      density: 0.83 + gain,
      coverage: 0.62 + 3.1 * gain,
      diversity: 0.281 - gain,
      labelAgreement: 0.842 + 1.3 * gain,
      copies: { threshold: 0.98, images: method === "loft" ? copies : [] },
      duplicates: { threshold: 0.99, groups: method === "class-prompt" ? [["bird/1.png", "bird/7.png"]] : [] },
      leftOut: [
        { rule: "maxPhotoCosine", threshold: 0.98, perClass: classes.map(() => 1 + index), files: ["bird/3.png"] },
      ],
    })),
    warnings: [
      {
        what: "evaluation.test has 2 pictures that look like photos of the training set (bird/03.png, cat/11.png).",
        fix: "Take them out of one of the folders, or say in the report that they are there.",
      },
      { what: "Class train has 3 photos, the others have 8.", fix: "Add photos, or lower data.shots." },
    ],
    classifier: classifierNamed(options.classifiers?.[0] ?? "loft-mini-clip"),
    ...(options.classifiers === undefined ? {} : { classifiers: options.classifiers.map(classifierNamed) }),
    model: { name: "loft-mini", sha256: "00" },
    versions: { loft: "0.1.0" },
    configHash: "00",
  };
}

function classifierNamed(name: string): LoftResults["classifier"] {
  const shares = { syntheticShare: 0.25, realLossShare: 0.8 };
  return { name, sha256: "00", steps: 200, batchSize: 32, learningRate: 0.0001, ...shares };
}

type PlannedRow = Pick<ResultRow, "id" | "title" | "classifier" | "kind" | "method" | "shots" | "imagesPerClass"> & {
  readonly skill: number;
};

function plannedRows({ shots, images }: FakeResultsOptions): readonly PlannedRow[] {
  const none = { method: null, shots: null, imagesPerClass: null };
  const rows: PlannedRow[] = [{ ...none, id: "zero-shot", title: "CLIP zero-shot", kind: "zero-shot", skill: 0.62 }];
  for (const shot of shots) {
    const skill = 0.66 + 0.035 * Math.log2(1 + shot);
    rows.push({ ...none, id: `real-s${shot}`, title: "Real photos only", kind: "real", shots: shot, skill });
    for (const { method, title, gain } of methods) {
      for (const image of images) {
        const help = gain + 0.02 * Math.log2(1 + image) * (0.5 + 5 * Math.max(0, gain)) - 0.05;
        const common = { method, shots: shot, imagesPerClass: image };
        const end = `${method}-s${shot}-n${image}`;
        rows.push({ ...common, id: end, title, kind: "synthetic", skill: skill + help - 0.03 });
        const both = { title: `${title} + real`, kind: "real+synthetic", skill: skill + help + 0.02 } as const;
        rows.push({ ...common, id: `real+${end}`, ...both });
      }
    }
  }
  return rows;
}

/** The last has none, the two before it have some. */
function seedsDone(index: number, length: number, seeds: number): number {
  return index === length - 1 ? 0 : length - 4 < index ? Math.max(1, seeds - 2) : seeds;
}

type Counts = { readonly classes: number; readonly seeds: number; readonly done: number; readonly validation: boolean };

function bareRow(
  { skill, ...planned }: PlannedRow,
  { classes, seeds, done, validation }: Counts,
  answers: Map<string, readonly FakeAnswer[]>,
): ResultRow {
  const confusion = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  const runs = Array.from({ length: done }, (_, seed): ResultRun => {
    const found = answersOf(planned.id, seed, skill, classes);
    answers.set(answerKey(planned.id, seed), found);
    for (const { label, predicted } of found) confusion[label]![predicted]! += 1;
    const accuracy = found.filter(({ label, predicted }) => label === predicted).length / found.length;
    return {
      ...{ seed, task: `${planned.id} ${seed}`, accuracy },
      validationAccuracy: validation ? Math.min(1, accuracy + 0.02 + 0.03 * chance("v", planned.id, seed)) : null,
      step: planned.kind === "zero-shot" ? 0 : 150,
      ...{ realPictures: 0, syntheticPictures: (planned.imagesPerClass ?? 0) * classes },
    };
  });
  const reasons = ["The evaluation has not come to it yet."];
  return {
    ...planned,
    runs,
    missing: Array.from({ length: seeds - done }, (_, i) => ({ seed: done + i, reason: reasons[0]! })),
    ...meanAndStd(runs.map(({ accuracy }) => accuracy)),
    perClass: done === 0 ? [] : perClassAccuracy(confusion),
    confusion,
    calibrationError: done === 0 ? null : 0.04 + 0.4 * (1 - skill) * chance("ece", planned.id, 0),
    difference: null,
  };
}

/** A picture is hard or easy for all; a class is taken for its neighbor mostly. */
function answersOf(row: string, seed: number, skill: number, classes: number): readonly FakeAnswer[] {
  return Array.from({ length: classes * picturesPerClass }, (_, picture) => {
    const label = Math.floor(picture / picturesPerClass);
    const luck = 0.7 * chance("picture", String(picture), 0) + 0.3 * chance(row, String(picture), seed);
    const isRight = luck < skill + 0.04 * (chance("seed", row, seed) - 0.5);
    const away = chance("away", row, picture) < 0.7 ? 1 : 2;
    const predicted = isRight ? label : (label + away) % classes;
    return { label, predicted, probability: 0.4 + 0.59 * chance("sure", row, picture + seed) };
  });
}

function differenceOf(
  row: ResultRow,
  reference: ResultRow,
  answers: ReadonlyMap<string, readonly FakeAnswer[]>,
): ResultRow["difference"] {
  if (row.id === reference.id) return null;
  const hits = ({ id, kind }: ResultRow, seed: number) =>
    answers.get(answerKey(id, kind === "zero-shot" ? 0 : seed))?.map(({ label, predicted }) => label === predicted);
  const seeds = (row.kind === "zero-shot" ? reference : row).runs.map(({ seed }) => seed);
  const pairs = seeds.flatMap((seed) => {
    const [left, right] = [hits(row, seed), hits(reference, seed)];
    return left === undefined || right === undefined ? [] : [{ left, right }];
  });
  if (pairs.length === 0) return null;
  const paired = { left: pairs.map(({ left }) => left), right: pairs.map(({ right }) => right) };
  const [interval] = bootstrapDifferences([[paired]], { resamples: 300 });
  return { ...interval!, confidence: 0.95 };
}

/** From 0 to 1, the same for the same words. */
function chance(kind: string, name: string, number: number): number {
  let hash = 2166136261;
  for (const character of `${kind} ${name} ${number}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
