/** `loft evaluate`: synthetic sets, classifiers, results; whatever is done already is found and not done again. */

import { dirname, join, resolve } from "node:path";
import type { LoftResults, ResultRow, SetQuality } from "../../schemas/results.ts";
import type { EvaluationPart } from "../../schemas/run-event.ts";
import { removeTornFiles, writeFileAtomic, writeJsonAtomic } from "../base/atomic-file.ts";
import { counted } from "../base/counted.ts";
import { loftError } from "../base/errors.ts";
import { hashOf, type Json } from "../base/hash.ts";
import { loftVersion } from "../base/version.ts";
import { closest } from "../config/suggest.ts";
import { fillTemplate } from "../config/template.ts";
import { clipPictures } from "../eval/clip-classifier.ts";
import { mean, predictedClass } from "../eval/metrics.ts";
import { classifierSessions } from "./classifier-sessions.ts";
import { removeClassifierCheckpoint } from "./evaluate-checkpoint.ts";
import type { EvaluationClassifier } from "./evaluate-classifier.ts";
import { type EvaluationTeller, openEvaluationTeller } from "./evaluate-events.ts";
import { evaluationFolder, resultsFile } from "./evaluate-files.ts";
import { leakWarnings, refuseSamePictures, type Splits } from "./evaluate-leaks.ts";
import { lookAt, lookUntrained, type Sight } from "./evaluate-look.ts";
import { type MethodRun, prepareMethods, syntheticSet } from "./evaluate-methods.ts";
import {
  datasetPictures,
  type EvaluationPicture,
  type EvaluationWarning,
  readLabeledFolder,
  refuseSharedFolders,
} from "./evaluate-pictures.ts";
import { type PicturePlaces, writePicturePlaces } from "./evaluate-places.ts";
import { type Cell, type EvaluationInputs, planEvaluation, type SyntheticSet } from "./evaluate-plan.ts";
import { resultsCsv, resultsMarkdown } from "./evaluate-report.ts";
import { type JudgedRow, judgedRow, type References, resultRows, usualReferences } from "./evaluate-results.ts";
import { readTaskResult, type TaskResult } from "./evaluate-task-files.ts";
import { type TrainingContext, taskGroups, trainGroup } from "./evaluate-tasks.ts";
import { stopIfInterrupted } from "./job.ts";
import { pictureSources } from "./picture-sources.ts";
import { type PictureStore, pictureStore } from "./picture-store.ts";
import { type JobRequest, type PreparedJob, prepareJob, requireSeparateFolders } from "./prepare-job.ts";
import { prepareRunFolder } from "./run-folder.ts";
import { defaultCheckpointSeconds, type RunOptions } from "./run-job.ts";
import { lockRun } from "./run-lock.ts";
import { type TrainedClassifier, trainedClassifiers } from "./trained-classifier.ts";

export type EvaluationRequest = JobRequest & {
  /** The row that differences are measured from; the real photos alone unless said. */
  readonly reference?: string;
  readonly command: string;
} & Required<Pick<RunOptions, "signal" | "emit">> &
  Pick<RunOptions, "checkpointSeconds">;

export type Evaluation = {
  readonly results: LoftResults;
  readonly folder: string;
  /** The rows' answers, in the order of the table. */
  readonly judged: readonly JudgedRow[];
};

/** Everything that is known before anything is written. */
type PreparedEvaluation = {
  readonly own: PreparedJob;
  /** Looks at sets and splits without training. */
  readonly eye: EvaluationClassifier;
  readonly trained: readonly TrainedClassifier[];
  readonly methods: readonly MethodRun[];
  readonly photos: readonly EvaluationPicture[];
  readonly test: readonly EvaluationPicture[];
  readonly validation: readonly EvaluationPicture[] | undefined;
  readonly splits: Splits;
  readonly warnings: readonly EvaluationWarning[];
};

/**
 * Evaluate a configuration to the end, or to where it is stopped; the results so far are always in the folder.
 * @throws LoftError for anything that must be mended first, "interrupted" after saving, and what the tasks throw
 */
export async function evaluate(request: EvaluationRequest): Promise<Evaluation> {
  const prepared = await prepareEvaluation(request);
  const { own, methods, warnings } = prepared;
  const root = own.outputFolder;
  for (const warning of warnings) request.emit({ type: "warning", ...warning });
  // Before the runs of other methods: theirs lie in it, and would make it look like someone else's folder.
  await prepareRunFolder(root);
  const teller = await openEvaluationTeller(root, { parts: methods.length + 1, emit: request.emit });
  try {
    const sets = await makeSets(request, prepared, teller);
    const folder = evaluationFolder(root);
    const found = await whileLocked(root, async () => {
      await removeTornFiles(folder);
      await writePicturePlaces(folder, placesOf(request, prepared));
      return teller.judge((emit) => carryOut({ ...request, emit }, prepared, { sets, folder, part: teller.lastPart }));
    });
    return { folder, ...found };
  } finally {
    await teller.close();
  }
}

function placesOf(
  { configFile }: EvaluationRequest,
  { own: { resolution, dataset, dataFolder, outputFolder }, methods }: PreparedEvaluation,
): PicturePlaces {
  const testFolder = resolve(dirname(configFile), resolution.config.evaluation.test as string);
  return { root: outputFolder, dataFolder, testFolder, dataset, methods };
}

/** The images of all methods. The configuration's own run takes the lock of its folder itself. */
async function makeSets(
  request: EvaluationRequest,
  { own, methods }: PreparedEvaluation,
  teller: EvaluationTeller,
): Promise<readonly SyntheticSet[]> {
  const root = own.outputFolder;
  const sets: SyntheticSet[] = [];
  for (const [part, method] of methods.entries()) {
    stopIfInterrupted(request);
    const make = () => syntheticSet(method, { ...request, ...teller.ofMethod(method, part) });
    sets.push(method.root === root ? await make() : await whileLocked(root, make));
  }
  return sets;
}

async function whileLocked<T>(root: string, action: () => Promise<T>): Promise<T> {
  const lock = await lockRun(root);
  try {
    return await action();
  } finally {
    await lock.release();
  }
}

/** Read and check everything: configuration, photos, models, test and validation pictures, the plans of all methods. */
async function prepareEvaluation(request: EvaluationRequest): Promise<PreparedEvaluation> {
  const own = await prepareJob(request);
  const { config } = own.resolution;
  const baseFolder = dirname(request.configFile);
  requireSeparateFolders(own.dataFolder, own.outputFolder);
  const { evaluation } = config;
  if (evaluation.test === null) throw noTestFolder();
  const folders = { "data.folder": own.dataFolder, "evaluation.test": resolve(baseFolder, evaluation.test) };
  const validationFolder = evaluation.validation === null ? undefined : resolve(baseFolder, evaluation.validation);
  await refuseSharedFolders({
    ...folders,
    ...(validationFolder === undefined ? {} : { "evaluation.validation": validationFolder }),
  });
  const classifiers = await trainedClassifiers(own, { modelsFolder: request.modelsFolder, baseFolder });
  const { eye, trained } = classifiers;
  const photos = datasetPictures(own.dataset, own.dataFolder);
  requirePossibleNumbers(own, photos);
  const test = await readLabeledFolder(folders["evaluation.test"], "evaluation.test", own.dataset);
  const validation =
    validationFolder === undefined
      ? undefined
      : await readLabeledFolder(validationFolder, "evaluation.validation", own.dataset);
  const splits = {
    photos,
    ...(validation === undefined ? {} : { validation: validation.pictures }),
    test: test.pictures,
  };
  refuseSamePictures(splits);
  return {
    ...{ own, eye, trained, photos },
    methods: await prepareMethods(request, own, own.outputFolder),
    test: test.pictures,
    validation: validation?.pictures,
    splits,
    warnings: [...classifiers.warnings, ...test.warnings, ...(validation?.warnings ?? []), ...leakWarnings(splits)],
  };
}

function noTestFolder() {
  return loftError("config-invalid", {
    what: "evaluation.test is not given: there are no pictures to judge the classifiers on.",
    fix: 'Write for example "evaluation": { "test": "test" }; the folder holds one folder of pictures per class.',
  });
}

/** @throws LoftError "config-invalid" for shots or images that the run does not have */
function requirePossibleNumbers({ resolution, dataset }: PreparedJob, photos: readonly EvaluationPicture[]): void {
  const { evaluation, sampling } = resolution.config;
  const most = Math.max(...dataset.classes.map((_, label) => photos.filter((photo) => photo.label === label).length));
  const shots = evaluation.shots?.find((each) => most < each);
  if (shots !== undefined) {
    throw loftError("config-invalid", {
      what: `evaluation.shots has ${shots}, and no class has more than ${counted(most, "photo")} in this run.`,
      fix: "Add photos, raise data.shots, or leave the number out.",
    });
  }
  const images = evaluation.imagesPerClass?.find((each) => sampling.imagesPerClass < each);
  if (images === undefined) return;
  throw loftError("config-invalid", {
    what: `evaluation.imagesPerClass has ${images}, and the run makes ${sampling.imagesPerClass} of each class.`,
    fix: "Raise sampling.imagesPerClass, or leave the number out.",
  });
}

type Work = { readonly sets: readonly SyntheticSet[]; readonly folder: string; readonly part: EvaluationPart };

async function carryOut(
  request: EvaluationRequest,
  prepared: PreparedEvaluation,
  { sets, folder, part }: Work,
): Promise<Omit<Evaluation, "folder">> {
  // Rules change what cells learn from, not which cells there are.
  const planned = plans(prepared, sets);
  const references = referencesOf(request.reference, cellsOf(planned));
  const store = pictureStore(mostPictureBytes);
  const seen = await lookWithAll({ ...request, ...prepared }, planned, { sets, folder, store });
  for (const warning of seen.warnings) request.emit({ type: "warning", ...warning });
  const warnings = [...prepared.warnings, ...seen.warnings];
  const filled = plans(prepared, seen.sets);
  const cells = cellsOf(filled);
  const answers = await foundAnswers(cells, folder, prepared.test.length);
  const known: Found["known"] = new Map();
  const write = () => {
    const found = { cells, answers, references, quality: seen.quality, warnings, known };
    return writeResults(folder, resultsOf(prepared, found), { cells, answers, test: prepared.test });
  };
  emitStart(request, prepared, { planned: filled, answers, part });
  await write();
  for (const plan of filled) {
    const context = trainingContext(request, prepared, { trained: plan.trained, folder, store });
    await trainAll(context, plan.cells, { answers, write }).finally(() => context.sessions.release());
  }
  const labels = prepared.test.map(({ label }) => label);
  return { results: await write(), judged: cells.map((cell) => judgedRow(cell, answers, labels)) };
}

/** The part of the table that one classifier fills. */
type ClassifierPlan = { readonly trained: TrainedClassifier; readonly cells: readonly Cell[] };

function plans(prepared: PreparedEvaluation, sets: readonly SyntheticSet[]): readonly ClassifierPlan[] {
  return prepared.trained.map((trained) => ({
    trained,
    cells: planEvaluation(evaluationInputs(prepared, trained, sets)),
  }));
}

function cellsOf(planned: readonly ClassifierPlan[]): readonly Cell[] {
  return planned.flatMap(({ cells }) => cells);
}

/** One model looks at sets and splits for all classifiers, so that all learn from the same images. */
async function lookWithAll(
  { signal, ...prepared }: PreparedEvaluation & Pick<EvaluationRequest, "signal">,
  planned: readonly ClassifierPlan[],
  { sets, folder, store }: Pick<Work, "sets" | "folder"> & { readonly store: PictureStore },
) {
  const sightOf = (classifier: EvaluationClassifier): Sight => ({
    ...{ ...prepared, signal, folder, classifier },
    config: prepared.own.resolution.config.evaluation,
    templates: classTemplates(prepared),
    sources: pictureSources(clipPictures(classifier.clip), store),
  });
  const untrained = planned.flatMap(({ trained: { clip }, cells }) => {
    const task = cells.find(({ kind }) => kind === "zero-shot")?.tasks[0];
    return clip === undefined || task === undefined ? [] : [{ clip, task }];
  });
  const { eye } = prepared;
  const seen = await lookAt(sightOf(eye), sets, untrained.find(({ clip }) => clip === eye)?.task);
  for (const { clip, task } of untrained) if (clip !== eye) await lookUntrained(sightOf(clip), task);
  return seen;
}

type Filling = { readonly answers: Map<string, TaskResult>; readonly write: () => Promise<unknown> };

/** Train what has no answer yet; the table is written after each group. */
async function trainAll(context: TrainingContext, cells: readonly Cell[], { answers, write }: Filling): Promise<void> {
  for (const { cell, group } of groupsOf(cells)) {
    stopIfInterrupted(context);
    // A process that was killed between answer and clean-up leaves its saved state.
    if (group.every(({ id }) => answers.has(id))) await removeClassifierCheckpoint(context.folder, group);
    else {
      for (const result of await trainGroup(context, cell, group)) answers.set(result.id, result);
      await write();
    }
  }
}

/** What is trained: zero-shot answers need no training. */
function groupsOf(cells: readonly Cell[]) {
  const trained = cells.filter(({ kind }) => kind !== "zero-shot");
  return trained.flatMap((cell) => taskGroups(cell).map((group) => ({ cell, group })));
}

/** Of all pictures that are kept between trainings: 5,000 of 224 px take 0.8 GB. */
const mostPictureBytes = 2 ** 30;

type Place = Pick<ClassifierPlan, "trained"> & { readonly folder: string; readonly store: PictureStore };

function trainingContext(
  { signal, emit, checkpointSeconds = defaultCheckpointSeconds }: EvaluationRequest,
  { own, test, validation }: PreparedEvaluation,
  { trained: { kind, length }, folder, store }: Place,
): TrainingContext {
  const sessions = classifierSessions(kind, length);
  const pictures = { sources: pictureSources(kind, store), test, validation };
  const runSeed = own.resolution.config.seed;
  return { folder, sessions, length, ...pictures, runSeed, checkpointSeconds, signal, emit };
}

function evaluationInputs(
  prepared: PreparedEvaluation,
  { label, clip = prepared.eye, kind, rows, length }: TrainedClassifier,
  sets: readonly SyntheticSet[],
): EvaluationInputs {
  const { own, photos, test, validation } = prepared;
  const { config } = own.resolution;
  const names = own.dataset.classes.map(({ className }) => className);
  return {
    label,
    config: { ...config.evaluation, ...length, rows },
    runSeed: config.seed,
    clip: clip.sha256,
    classifier: kind.identity,
    classes: names.length,
    templates: classTemplates(prepared),
    ...{ photos, sets, test, validation },
  };
}

/** The prompts of zero-shot classification, for each class. */
function classTemplates({ own }: Pick<PreparedEvaluation, "own">): readonly (readonly string[])[] {
  const { prompt, evaluation } = own.resolution.config;
  return own.dataset.classes.map(({ className }) =>
    evaluation.templates.map((template) => fillTemplate(template, { className, domain: prompt.domain })),
  );
}

/** @throws LoftError "usage-invalid" for a row that the table does not have */
function referencesOf(asked: string | undefined, cells: readonly Cell[]): References {
  if (asked === undefined || cells.some(({ id }) => id === asked)) return asked ?? usualReferences(cells);
  const ids = cells.map(({ id }) => id);
  const meant = closest(asked, ids);
  throw loftError("usage-invalid", {
    what: `The table has no row "${asked}".`,
    fix: meant === undefined ? `Its rows are ${ids.join(", ")}.` : `Did you mean "${meant}"?`,
  });
}

async function foundAnswers(cells: readonly Cell[], folder: string, pictures: number) {
  const answers = new Map<string, TaskResult>();
  for (const { id } of cells.flatMap(({ tasks }) => tasks)) {
    const result = await readTaskResult(folder, id, pictures);
    if (result !== undefined) answers.set(id, result);
  }
  return answers;
}

/** Classifiers are shown as what they are: low-rank adapters in training. */
function emitStart(
  { emit }: Pick<EvaluationRequest, "emit">,
  { eye }: PreparedEvaluation,
  {
    planned,
    answers,
    part,
  }: Pick<Found, "answers"> & Pick<Work, "part"> & { readonly planned: readonly ClassifierPlan[] },
) {
  const steps = new Map(
    planned.flatMap(({ trained: { length }, cells }) =>
      groupsOf(cells).flatMap(({ group }) => group.map(({ id }) => [id, length.steps] as const)),
    ),
  );
  const { provider } = eye.clip.session;
  emit({
    type: "run-started",
    adapters: steps.size,
    images: 0,
    adaptersDone: [...steps.keys()].filter((id) => answers.has(id)).length,
    imagesDone: 0,
    steps: steps.size === 0 ? 0 : Math.round(mean([...steps.values()])),
    device: provider,
    provider,
    evaluation: part,
  });
}

type Found = {
  readonly cells: readonly Cell[];
  readonly answers: ReadonlyMap<string, TaskResult>;
  readonly references: References;
  readonly quality: readonly SetQuality[];
  readonly warnings: readonly EvaluationWarning[];
  /** Differences between rows that were computed before. */
  readonly known: Map<string, ResultRow["difference"]>;
};

function resultsOf(prepared: PreparedEvaluation, found: Found): LoftResults {
  const { cells, answers, references, quality, warnings, known } = found;
  const { own, trained, photos, test, validation } = prepared;
  const { config } = own.resolution;
  const classifiers = trained.map(({ name, sha256, length }) => ({ name, sha256, ...length }));
  const classes = own.dataset.classes.map(({ className }) => className);
  const labels = test.map(({ label }) => label);
  const rows = resultRows(cells, answers, { labels, classes: classes.length, references, known });
  const counts = { photos: photos.length, test: test.length, validation: validation?.length ?? null };
  return {
    formatVersion: 1,
    name: config.name,
    partial: rows.some(({ missing }) => 0 < missing.length),
    dataset: { classes, ...counts },
    reference: typeof references === "string" ? references : null,
    rows,
    sets: quality,
    warnings,
    classifier: classifiers[0]!,
    ...(1 < classifiers.length ? { classifiers } : {}),
    model: { name: own.model.name, sha256: own.model.hash },
    versions: { loft: loftVersion, node: process.versions.node },
    configHash: hashOf(config as unknown as Json),
  };
}

async function writeResults(
  folder: string,
  results: LoftResults,
  answered: Pick<Found, "cells" | "answers"> & { readonly test: readonly EvaluationPicture[] },
): Promise<LoftResults> {
  await writeFileAtomic(join(folder, "predictions.jsonl"), predictions(answered));
  await writeFileAtomic(join(folder, "results.csv"), resultsCsv(results));
  await writeFileAtomic(join(folder, "results.md"), resultsMarkdown(results));
  await writeJsonAtomic(join(folder, resultsFile), results);
  return results;
}

/**
 * One line per row, seed and test picture: enough to compute every number of the table again. One training after
 * another: all of them may be more than a string can hold.
 */
async function* predictions({
  cells,
  answers,
  test,
}: Pick<Found, "cells" | "answers"> & { readonly test: readonly EvaluationPicture[] }): AsyncGenerator<Uint8Array> {
  for (const cell of cells) {
    for (const { id, seed } of cell.tasks) {
      const lines = (answers.get(id)?.probabilities ?? []).map((probabilities, index) => {
        const { name, label } = test[index]!;
        const predicted = predictedClass({ probabilities });
        return `${JSON.stringify({ row: cell.id, seed, file: name, label, predicted, probabilities })}\n`;
      });
      yield Buffer.from(lines.join(""));
    }
  }
}
