/** The synthetic sets of an evaluation: each method's run is carried out, or found done, and its images are listed. */
import { join } from "node:path";
import type { MethodName } from "../config/preset.ts";
import { isRejected, readCuration } from "./curation.ts";
import type { SyntheticPicture, SyntheticSet } from "./evaluate-plan.ts";
import { readFinishedImages } from "./finished-images.ts";
import { type JobRequest, type PreparedJob, prepareJob } from "./prepare-job.ts";
import { inRun, runPaths } from "./run-folder.ts";
import { type RunOptions, runJob } from "./run-job.ts";

export type MethodRun = {
  readonly method: MethodName;
  readonly prepared: PreparedJob;
  /** The run folder. */
  readonly root: string;
};

/**
 * Plan the runs that the synthetic rows need: the configuration's own in its run folder, others below it.
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
    if (method === config.method) runs.push({ method, prepared: own, root });
    else runs.push({ method, prepared: await prepareJob({ ...request, method }), root: methodRoot(root, method) });
  }
  return runs;
}

function methodRoot(root: string, method: MethodName): string {
  return join(inRun(root, runPaths.methods), method);
}

/** The set that a method's run will end in, without its contents: enough to know the rows of the table. */
export function expectedSet({ method, prepared }: MethodRun): SyntheticSet {
  const images = prepared.wholePlan.images.map(
    ({ id, classIndex }): SyntheticPicture => ({ name: "", file: "", sha256: id, label: classIndex, parents: [] }),
  );
  return { method, images };
}

type MethodOptions = Pick<RunOptions, "signal" | "emit" | "command" | "checkpointSeconds" | "evaluation">;

/** Carry out a method's run, as far as it is not done, and list its images, with the user's verdicts. */
export async function syntheticSet(
  { method, prepared, root }: MethodRun,
  { signal, emit, command, checkpointSeconds, evaluation }: MethodOptions,
): Promise<SyntheticSet> {
  const options = {
    ...{ signal, emit, command },
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
    ...(evaluation === undefined ? {} : { evaluation }),
  };
  await runJob(prepared, { ...options, root, part: "everything", keepGoing: false });
  const finished = await readFinishedImages(root);
  const curation = await readCuration(root);
  const parents = new Map(
    prepared.wholePlan.adapters.map(({ id, examples }) => [id, examples.map(({ photo }) => photo.sha256)]),
  );
  const images = prepared.wholePlan.images.map((task): SyntheticPicture => {
    const { file, sha256 } = finished.get(task.id)!;
    const own = task.fusion.flatMap(({ adapterId }) => parents.get(adapterId) ?? []);
    return {
      ...{ name: file, file: inRun(root, file), sha256, label: task.classIndex, parents: [...new Set(own)] },
      isRejected: isRejected(curation, { file, sha256 }),
    };
  });
  return { method, images };
}
