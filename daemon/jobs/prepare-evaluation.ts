/** What an evaluation knows before it writes anything: everything read and checked. */
import { dirname, resolve } from "node:path";
import { counted } from "../base/counted.ts";
import { loftError } from "../base/errors.ts";
import type { EvaluationClassifier } from "./evaluate-classifier.ts";
import { leakWarnings, refuseSamePictures, type Splits } from "./evaluate-leaks.ts";
import { type MethodRun, prepareMethods } from "./evaluate-methods.ts";
import {
  datasetPictures,
  type EvaluationPicture,
  type EvaluationWarning,
  readLabeledFolder,
  refuseSharedFolders,
} from "./evaluate-pictures.ts";
import { type JobRequest, type PreparedJob, prepareJob, requireSeparateFolders } from "./prepare-job.ts";
import { requireTestFolder } from "./require-test-folder.ts";
import type { RunOptions } from "./run-job.ts";
import { type TrainedClassifier, trainedClassifiers } from "./trained-classifier.ts";

export type EvaluationRequest = JobRequest & {
  /** The row that differences are measured from; the real photos alone unless said. */
  readonly reference?: string;
  readonly command: string;
} & Required<Pick<RunOptions, "signal" | "emit">> &
  Pick<RunOptions, "checkpointSeconds">;

export type PreparedEvaluation = {
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
 * Read and check everything: configuration, photos, models, test and validation pictures, the plans of all methods.
 * @throws LoftError for anything that must be mended first
 */
export async function prepareEvaluation(request: EvaluationRequest): Promise<PreparedEvaluation> {
  const own = await prepareJob(request);
  const { config } = own.resolution;
  const baseFolder = dirname(request.configFile);
  requireSeparateFolders(own.dataFolder, own.outputFolder);
  const { evaluation } = config;
  const folders = { "data.folder": own.dataFolder, "evaluation.test": resolve(baseFolder, requireTestFolder(config)) };
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
