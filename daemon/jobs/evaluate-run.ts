/** `loft evaluate`: synthetic sets, classifiers, results; whatever is done already is found and not done again. */
import { dirname, resolve } from "node:path";
import type { LoftResults } from "../../schemas/results.ts";
import type { EvaluationPart } from "../../schemas/run-event.ts";
import { removeTornFiles } from "../base/atomic-file.ts";
import { type LoftError, loftError } from "../base/errors.ts";
import { closest } from "../config/suggest.ts";
import { clipPictures } from "../eval/clip-classifier.ts";
import { mean } from "../eval/metrics.ts";
import { type ClassifierPlan, cellsOf, classifierPlans, classTemplates, groupsOf } from "./classifier-plans.ts";
import { classifierSessions } from "./classifier-sessions.ts";
import { removeClassifierCheckpoint } from "./evaluate-checkpoint.ts";
import type { EvaluationClassifier } from "./evaluate-classifier.ts";
import { type EvaluationTeller, openEvaluationTeller } from "./evaluate-events.ts";
import { evaluationFolder } from "./evaluate-files.ts";
import { lookAt, lookUntrained, type Sight } from "./evaluate-look.ts";
import { expectedSet, syntheticSet } from "./evaluate-methods.ts";
import { type Found, resultsOf, writeResults } from "./evaluate-output.ts";
import { type PicturePlaces, writePicturePlaces } from "./evaluate-places.ts";
import type { Cell, SyntheticSet } from "./evaluate-plan.ts";
import { type JudgedRow, judgedRow, type References, usualReferences } from "./evaluate-results.ts";
import { readTaskResult, type TaskResult } from "./evaluate-task-files.ts";
import { type TrainingContext, trainGroup } from "./evaluate-tasks.ts";
import { stopIfInterrupted } from "./job.ts";
import { pictureSources } from "./picture-sources.ts";
import { type PictureStore, pictureStore } from "./picture-store.ts";
import { type EvaluationRequest, type PreparedEvaluation, prepareEvaluation } from "./prepare-evaluation.ts";
import { prepareRunFolder, refuseForeignFolder } from "./run-folder.ts";
import { defaultCheckpointSeconds } from "./run-job.ts";
import { lockRun } from "./run-lock.ts";

export type Evaluation = {
  readonly results: LoftResults;
  readonly folder: string;
  /** The rows' answers, in the order of the table. */
  readonly judged: readonly JudgedRow[];
  /** By the ids of their tasks, why classifiers have no answer. */
  readonly lost: ReadonlyMap<string, LoftError>;
};

/**
 * Evaluate a configuration to the end, or to where it is stopped; the results so far are always in the folder.
 * @throws LoftError for anything that must be mended first, "interrupted" after saving, and what the tasks throw
 */
export async function evaluate(request: EvaluationRequest): Promise<Evaluation> {
  const prepared = await checkEvaluation(request);
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

/**
 * Read and check all that an evaluation needs, without writing anything.
 * @throws LoftError for anything that must be mended first
 */
export async function checkEvaluation(request: EvaluationRequest): Promise<PreparedEvaluation> {
  const prepared = await prepareEvaluation(request);
  // A row that will not be there is told now, not after the hours that the images take.
  referencesOf(request.reference, cellsOf(classifierPlans(prepared, prepared.methods.map(expectedSet))));
  await refuseForeignFolder(prepared.own.outputFolder);
  return prepared;
}

function placesOf(
  { configFile }: EvaluationRequest,
  { own: { resolution, dataset, dataFolder, outputFolder }, methods }: PreparedEvaluation,
): PicturePlaces {
  const testFolder = resolve(dirname(configFile), resolution.config.evaluation.test as string);
  const whole = methods.filter(({ few }) => few === undefined);
  return { root: outputFolder, dataFolder, testFolder, dataset, methods: whole };
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

type Work = { readonly sets: readonly SyntheticSet[]; readonly folder: string; readonly part: EvaluationPart };

async function carryOut(
  request: EvaluationRequest,
  prepared: PreparedEvaluation,
  { sets, folder, part }: Work,
): Promise<Omit<Evaluation, "folder">> {
  // Rules change what cells learn from, not which cells there are.
  const planned = classifierPlans(prepared, sets);
  const references = referencesOf(request.reference, cellsOf(planned));
  const store = pictureStore(mostPictureBytes);
  const seen = await lookWithAll({ ...request, ...prepared }, planned, { sets, folder, store });
  for (const warning of seen.warnings) request.emit({ type: "warning", ...warning });
  const warnings = [...prepared.warnings, ...seen.warnings];
  const filled = classifierPlans(prepared, seen.sets);
  const cells = cellsOf(filled);
  const answers = await foundAnswers(cells, folder, prepared.test.length);
  const known: Found["known"] = new Map();
  const lost = new Map<string, LoftError>();
  const write = () => {
    const found = { cells, answers, lost, references, quality: seen.quality, warnings, known };
    return writeResults(folder, resultsOf(prepared, found), { cells, answers, test: prepared.test });
  };
  emitStart(request, prepared, { planned: filled, answers, part });
  await write();
  for (const plan of filled) {
    const context = trainingContext(request, prepared, { trained: plan.trained, folder, store });
    await trainAll(context, plan.cells, { answers, lost, write }).finally(() => context.sessions.release());
  }
  const labels = prepared.test.map(({ label }) => label);
  return { results: await write(), judged: cells.map((cell) => judgedRow(cell, answers, labels)), lost };
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

type Filling = {
  readonly answers: Map<string, TaskResult>;
  readonly lost: Map<string, LoftError>;
  readonly write: () => Promise<unknown>;
};

/** Train what has no answer yet; the table is written after each group. */
async function trainAll(
  context: TrainingContext,
  cells: readonly Cell[],
  { answers, lost, write }: Filling,
): Promise<void> {
  for (const { cell, group } of groupsOf(cells)) {
    stopIfInterrupted(context);
    // A process that was killed between answer and clean-up leaves its saved state.
    if (group.every(({ id }) => answers.has(id))) await removeClassifierCheckpoint(context.folder, group);
    else {
      const outcome = await trainGroup(context, cell, group);
      for (const result of outcome.results) answers.set(result.id, result);
      for (const [id, error] of outcome.lost) lost.set(id, error);
      await write();
    }
  }
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
