/** Carries out the adapters of a plan, batch by batch. */
import { type AdapterTask, batchKey, sharesPrompt } from "../pipeline/plan.ts";
import { createTrainer, type Trainer, type TrainerOptions } from "../training/trainer.ts";
import { type AdapterGroup, groupAdapters } from "./adapter-groups.ts";
import { adapterLayouts } from "./adapter-layouts.ts";
import type { Job } from "./job.ts";
import { type ByRows, keepLatest, type Releasable } from "./keep-latest.ts";
import { isAdapterDone } from "./run-folder.ts";
import { type ShrinkingBatch, shrinkingBatch, shrunkWarning } from "./shrinking-batch.ts";
import { beginGroup, trainUntilSomeEnd } from "./train-group.ts";
import { listCheckpoints, removeCheckpoint, type SavedGroup } from "./training-checkpoint.ts";
import { prepareTrainingRows, type TrainingRows } from "./training-rows.ts";

/** Train every adapter of the plan that is not there yet. */
export async function trainAdapters(job: Job): Promise<void> {
  const missing: AdapterTask[] = [];
  for (const task of job.plan.adapters)
    if (!(await isAdapterDone(job.root, task.classFolder, task.id))) missing.push(task);
  // Nothing to train, but a start that was killed after its last adapter may have left a saved state.
  if (missing.length === 0) return removeSettledCheckpoints(job);
  const saved = await listCheckpoints(job.root);
  const groups = groupAdapters(missing, job.config.training.batchSize, saved);
  const trainers = trainersOf(job);
  const batches = shrinkingBatch(job.config.training.batchSize, (from, to) =>
    job.emit(shrunkWarning("training", from, to)),
  );
  try {
    for (let start = 0; start < groups.length; start += groupsPrepared) {
      const tasks = groups.slice(start, start + groupsPrepared).flatMap((group) => group.tasks);
      await trainBlock(job, tasks, { saved, trainers, batches });
    }
  } finally {
    await trainers.release();
  }
}

/** Groups whose photos are encoded at once: sessions of the encoders are worth their making, and latents stay few. */
const groupsPrepared = 8;

/** Train the tasks of some groups; where photos failed, the others of them close ranks. */
async function trainBlock(
  job: Job,
  tasks: readonly AdapterTask[],
  { saved, trainers, batches }: TrainingMeans,
): Promise<void> {
  // Trainer and encoder are the two that need most memory: never both at once.
  await trainers.release();
  const rows = await prepareTrainingRows(job, tasks);
  const usable = tasks.filter(({ id }) => rows.has(id));
  for (const { tasks: together } of groupAdapters(usable, batches.size(), saved)) {
    await batches.run(together, async (part) => {
      for (const group of groupAdapters(part, part.length, await listCheckpoints(job.root))) {
        await trainGroup(job, group, trainers, rows);
      }
    });
  }
}

type TrainingMeans = {
  readonly saved: readonly SavedGroup[];
  readonly trainers: Trainers;
  readonly batches: ShrinkingBatch;
};

type Trainers = Releasable & { readonly forGroup: (group: AdapterGroup) => Promise<Trainer> };

/** One trainer at a time, made anew for another size of group or other parameters. */
function trainersOf(job: Job): Trainers {
  let key: string | undefined;
  let latest: ByRows<Trainer> | undefined;
  const forGroup = async ({ tasks }: AdapterGroup) => {
    const task = tasks[0]!;
    if (batchKey(task) !== key) {
      await latest?.release();
      latest = keepLatest((rows) => createTrainer(job.model.diffusion, trainerOptions(job, task, rows)));
      key = batchKey(task);
    }
    return latest!.forRows(tasks.length);
  };
  return { forGroup, release: async () => latest?.release() };
}

function trainerOptions({ model }: Job, task: AdapterTask, rows: number): TrainerOptions {
  const { parameters } = task;
  const { alpha, examplesPerStep, resolution, maxGradNorm, schedule } = parameters;
  return {
    rows,
    examplesPerStep,
    sharedPrompt: sharesPrompt(task),
    layouts: adapterLayouts(model.diffusion, parameters),
    alpha,
    resolution,
    adamW: parameters,
    maxGradNorm,
    lrSchedule: { ...parameters, name: schedule },
  };
}

/** Train one group to its end. Adapters that stop early leave it, and the others go on in a smaller batch. */
async function trainGroup(job: Job, group: AdapterGroup, trainers: Trainers, rows: TrainingRows): Promise<void> {
  let begun = await beginGroup(job, group, await trainers.forGroup(group), rows);
  while (0 < begun.tasks.length) {
    begun = await trainUntilSomeEnd(job, begun, await trainers.forGroup(begun));
    await removeSettledCheckpoints(job);
  }
}

/** Remove saved states that nobody will go on from. Those of adapters that this plan does not know are kept. */
async function removeSettledCheckpoints({ root, wholePlan, failures }: Job): Promise<void> {
  const folders = new Map(wholePlan.adapters.map(({ id, classFolder }) => [id, classFolder]));
  const isSettled = async (id: string) => {
    const folder = folders.get(id);
    return failures.has(id) || (folder !== undefined && (await isAdapterDone(root, folder, id)));
  };
  for (const { id, adapters } of await listCheckpoints(root)) {
    const settled = await Promise.all(adapters.map(isSettled));
    if (settled.every(Boolean)) await removeCheckpoint(root, id);
  }
}
