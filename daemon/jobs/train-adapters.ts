/** Carries out the adapters of a plan: batch by batch, with checkpoints, each adapter's file written last. */
import type { Adapter } from "../adapters/adapter-weights.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { type LrSchedule, learningRateAt } from "../optim/lr-schedule.ts";
import type { TrainingState } from "../optim/training-state.ts";
import { type AdapterTask, adapterTitle, batchKey, sharesPrompt } from "../pipeline/plan.ts";
import { createTrainer, type Trainer, type TrainerOptions, type TrainingRow } from "../training/trainer.ts";
import { type AdapterGroup, groupAdapters } from "./adapter-groups.ts";
import { adapterLayouts } from "./adapter-layouts.ts";
import { interrupted, type Job, taskFailed } from "./job.ts";
import { type ByRows, keepLatest, type Releasable } from "./keep-latest.ts";
import { adapterFile, inRun, isAdapterDone, trainingLogFile } from "./run-folder.ts";
import { type ShrinkingBatch, shrinkingBatch, shrunkWarning } from "./shrinking-batch.ts";
import { writeTrainedAdapter } from "./trained-adapter.ts";
import {
  listCheckpoints,
  readCheckpoint,
  removeCheckpoint,
  type SavedGroup,
  type StepRecord,
  writeCheckpoint,
} from "./training-checkpoint.ts";
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
        await trainGroup(job, group, await trainers.forGroup(group), rows);
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

/** Train one group to its end. */
async function trainGroup(job: Job, group: AdapterGroup, trainer: Trainer, inputs: TrainingRows): Promise<void> {
  const rows = group.tasks.map(({ id }) => inputs.get(id)!);
  const names = group.tasks.map(({ id }) => id);
  const { steps } = trainer.options.lrSchedule;
  const saved = group.saved && (await readCheckpoint(job.root, group.saved, names));
  const history: StepRecord[] = [...(saved?.history ?? [])];
  let state = saved?.state ?? trainer.start(rows);
  let savedAt = performance.now();
  const save = () => writeCheckpoint(job.root, { id: group.id, adapters: names }, { state, history });
  job.emit({ type: "adapter-group-started", group: group.id, adapters: names, step: state.step, steps });
  if (saved !== undefined) checkFinite(job, group, state.step, history.at(-1)!);
  while (state.step < steps && !names.every((id) => job.failures.has(id))) {
    if (job.signal.aborted) {
      if (0 < state.step) await save();
      throw interrupted();
    }
    state = await oneStep(job, group, trainer, { rows, state, history });
    if (job.checkpointSeconds * 1000 <= performance.now() - savedAt) {
      await save();
      savedAt = performance.now();
    }
  }
  await writeAdapters(job, group, trainer, { state, history });
  await removeSettledCheckpoints(job);
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

type GroupState = {
  readonly rows: readonly TrainingRow[];
  readonly state: TrainingState;
  readonly history: StepRecord[];
};

async function oneStep(
  job: Job,
  group: AdapterGroup,
  trainer: Trainer,
  { rows, state, history }: GroupState,
): Promise<TrainingState> {
  const started = performance.now();
  const result = await trainer.step(rows, state);
  const durationSeconds = (performance.now() - started) / 1000;
  const { losses, gradNorms } = result;
  history.push({ losses, gradNorms, durationSeconds });
  checkFinite(job, group, result.state.step, result);
  job.emit({
    type: "training-step",
    group: group.id,
    step: result.state.step,
    steps: trainer.options.lrSchedule.steps,
    losses: [...losses],
    gradNorms: [...gradNorms],
    durationSeconds,
  });
  return result.state;
}

/** A row that is not finite stays so, and harms no other row. */
function checkFinite(
  job: Job,
  { tasks }: AdapterGroup,
  step: number,
  { losses, gradNorms }: Pick<StepRecord, "losses" | "gradNorms">,
): void {
  for (const [row, task] of tasks.entries()) {
    if (Number.isFinite(losses[row]) && Number.isFinite(gradNorms[row])) continue;
    if (!job.failures.has(task.id)) taskFailed(job, [task.id], notFinite(task, step));
  }
}

/** The log before the weights: an adapter is done when its weights are there. */
async function writeAdapters(
  job: Job,
  { tasks }: AdapterGroup,
  trainer: Trainer,
  { state, history }: { readonly state: TrainingState; readonly history: readonly StepRecord[] },
): Promise<void> {
  for (const [row, adapter] of trainer.adapters(state).entries()) {
    const task = tasks[row]!;
    if (job.failures.has(task.id)) continue;
    if (!hasFiniteWeights(adapter)) {
      taskFailed(job, [task.id], notFinite(task, state.step));
      continue;
    }
    const file = adapterFile(task.classFolder, task.id);
    const log = trainingLog(history, row, trainer.options.lrSchedule);
    await writeFileAtomic(inRun(job.root, trainingLogFile(task.classFolder, task.id)), log);
    await writeTrainedAdapter(job.root, task, job.model, adapter);
    const finalLoss = history.at(-1)!.losses[row]!;
    job.emit({ type: "adapter-finished", id: task.id, className: task.className, file, finalLoss });
  }
}

/** The last update comes after the last loss, so that a loss alone does not vouch for the weights. */
function hasFiniteWeights({ unet, textEncoder }: Adapter): boolean {
  return [...unet.modules, ...textEncoder.modules].every(
    ({ a, b }) => a.every(Number.isFinite) && b.every(Number.isFinite),
  );
}

/** One JSON line a step. */
function trainingLog(history: readonly StepRecord[], row: number, schedule: LrSchedule): string {
  const line = ({ losses, gradNorms, durationSeconds }: StepRecord, index: number) =>
    JSON.stringify({
      step: index + 1,
      loss: losses[row],
      gradNorm: gradNorms[row],
      learningRate: learningRateAt(schedule, index),
      seconds: Number(durationSeconds.toFixed(4)),
    });
  return history.map((record, index) => `${line(record, index)}\n`).join("");
}

function notFinite(task: AdapterTask, step: number) {
  return loftError("not-finite", {
    what: `The loss of the adapter for ${adapterTitle(task)} (${task.className}) became NaN or infinite at step ${step}.`,
    fix: "Lower training.learningRate or adapter.alpha. With --keep-going the other adapters are trained all the same.",
  });
}
