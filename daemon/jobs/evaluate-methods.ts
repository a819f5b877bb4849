/** The synthetic sets of an evaluation: each method's run is carried out, or found done, and its images are listed. */
import { join } from "node:path";
import { counted } from "../base/counted.ts";
import type { MethodName } from "../config/preset.ts";
import { isRejected, readCuration } from "./curation.ts";
import { type Draw, drawnPhotos, smallDraws } from "./evaluate-draws.ts";
import { datasetPictures } from "./evaluate-pictures.ts";
import type { SyntheticPicture, SyntheticSet } from "./evaluate-plan.ts";
import { readFinishedImages } from "./finished-images.ts";
import { type JobRequest, type PreparedJob, prepareJob, withPhotos } from "./prepare-job.ts";
import { inRun, prepareRunFolder, runPaths } from "./run-folder.ts";
import { type RunOptions, runJob } from "./run-job.ts";
import { shareAdapters } from "./share-adapters.ts";

export type MethodRun = {
  readonly method: MethodName;
  readonly prepared: PreparedJob;
  /** The run folder. */
  readonly root: string;
  /** Where it sees the photos of a draw alone: which, and the run folder of all photos, whose adapters it may share. */
  readonly few?: Draw & { readonly whole: string };
};

/**
 * Plan the runs that the synthetic rows need: the configuration's own in its run folder, others below it; after each
 * that learns from photos, one for each draw of fewer.
 * @throws LoftError what `prepareJob` throws
 */
export async function prepareMethods(
  request: JobRequest,
  own: PreparedJob,
  root: string,
): Promise<readonly MethodRun[]> {
  const { config } = own.resolution;
  if (!config.evaluation.rows.some((row) => row === "synthetic" || row === "real+synthetic")) return [];
  const runs: MethodRun[] = [];
  for (const method of config.evaluation.methods) {
    const run =
      method === config.method
        ? { method, prepared: own, root }
        : { method, prepared: await prepareJob({ ...request, method }), root: methodRoot(root, method) };
    runs.push(run, ...runsOfFewer(run, root));
  }
  return runs;
}

function methodRoot(root: string, name: string): string {
  return join(inRun(root, runPaths.methods), name);
}

/** Without adapters a method learns nothing from photos: its images are the same for all draws. */
function runsOfFewer({ method, prepared, root: whole }: MethodRun, root: string): readonly MethodRun[] {
  const { resolution, dataset, dataFolder, wholePlan } = prepared;
  if (wholePlan.adapters.length === 0) return [];
  const { seed: runSeed, evaluation } = resolution.config;
  const drawable = { runSeed, classes: dataset.classes.length, photos: datasetPictures(dataset, dataFolder) };
  return smallDraws(drawable, evaluation).map((draw) => {
    const drawn = new Set(drawnPhotos(drawable, draw).map(({ label, sha256 }) => `${label} ${sha256}`));
    const classes = dataset.classes.map((each, label) => {
      return { ...each, photos: each.photos.filter(({ sha256 }) => drawn.has(`${label} ${sha256}`)) };
    });
    return {
      method,
      prepared: withPhotos(prepared, { classes, shots: draw.shots }),
      root: methodRoot(root, `${method}-s${draw.shots}-seed${draw.seed}`),
      few: { ...draw, whole },
    };
  });
}

/** What a run of an evaluation is called where its events are told. */
export function runTitle({ method, few }: MethodRun): string {
  return few === undefined ? method : `${method} of ${counted(few.shots, "shot")}, seed ${few.seed}`;
}

/** The set that a method's run will end in, without its contents: enough to know the rows of the table. */
export function expectedSet({ method, prepared, few }: MethodRun): SyntheticSet {
  const images = prepared.wholePlan.images.map(
    ({ id, classIndex }): SyntheticPicture => ({ name: "", file: "", sha256: id, label: classIndex }),
  );
  return { method, ...ofDraw(few), images };
}

function ofDraw(few: MethodRun["few"]): Pick<SyntheticSet, "draw"> {
  return few === undefined ? {} : { draw: { shots: few.shots, seed: few.seed } };
}

type MethodOptions = Pick<RunOptions, "signal" | "emit" | "command" | "checkpointSeconds" | "evaluation">;

/** Carry out a method's run, as far as it is not done, and list its images, with the user's verdicts. */
export async function syntheticSet(
  { method, prepared, root, few }: MethodRun,
  { signal, emit, command, checkpointSeconds, evaluation }: MethodOptions,
): Promise<SyntheticSet> {
  const options = {
    ...{ signal, emit, command },
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
    ...(evaluation === undefined ? {} : { evaluation }),
  };
  if (few !== undefined) {
    await prepareRunFolder(root);
    await shareAdapters(few.whole, root, prepared.wholePlan.adapters);
  }
  await runJob(prepared, { ...options, root, part: "everything", keepGoing: false });
  const finished = await readFinishedImages(root);
  const curation = await readCuration(root);
  const images = prepared.wholePlan.images.map((task): SyntheticPicture => {
    const { file, sha256 } = finished.get(task.id)!;
    return {
      ...{ name: file, file: inRun(root, file), sha256, label: task.classIndex },
      isRejected: isRejected(curation, { file, sha256 }),
    };
  });
  return { method, ...ofDraw(few), images };
}
