/** Carries out the adapters of a plan: batch by batch, with checkpoints, each adapter's file written last. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AdapterWeights, unetAdapter } from "../adapters/adapter-weights.ts";
import { type LoraLayout, loraLayout } from "../adapters/lora.ts";
import { findTargetModules } from "../adapters/targets.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { readError } from "../base/file-errors.ts";
import { sha256 } from "../base/hash.ts";
import { encodePng, readPhotoSquare } from "../data/image-file.ts";
import { toTensor } from "../data/picture.ts";
import { encodePhotos, type LatentDistribution } from "../diffusion/encode-photos.ts";
import { encodePrompts } from "../diffusion/encode-prompts.ts";
import { type LrSchedule, learningRateAt } from "../optim/lr-schedule.ts";
import type { AdapterTask } from "../pipeline/plan.ts";
import {
  createTrainer,
  type Trainer,
  type TrainerOptions,
  type TrainingRow,
  type TrainingState,
} from "../training/trainer.ts";
import { type AdapterGroup, groupAdapters } from "./adapter-groups.ts";
import { interrupted, type Job, stopIfInterrupted, taskFailed } from "./job.ts";
import { adapterFile, inRun, isAdapterDone, photoFile, trainingLogFile } from "./run-folder.ts";
import { writeTrainedAdapter } from "./trained-adapter.ts";
import {
  listCheckpoints,
  readCheckpoint,
  removeCheckpoint,
  type StepRecord,
  writeCheckpoint,
} from "./training-checkpoint.ts";

/** Train every adapter of the plan that is not there yet. */
export async function trainAdapters(job: Job): Promise<void> {
  const missing: AdapterTask[] = [];
  for (const task of job.plan.adapters)
    if (!(await isAdapterDone(job.root, task.classFolder, task.id))) missing.push(task);
  if (missing.length === 0) return;
  const inputs = await prepareInputs(job, missing);
  const groups = groupAdapters(
    missing.filter(({ id }) => inputs.has(id)),
    job.config.training.batchSize,
    await listCheckpoints(job.root),
  );
  let trainer: Trainer | undefined;
  try {
    for (const group of groups) {
      trainer = await trainerFor(job, group, trainer);
      await trainGroup(job, group, trainer, inputs);
    }
  } finally {
    await trainer?.release();
  }
}

type GroupInputs = ReadonlyMap<string, TrainingRow>;

/** Photos and prompts of the tasks as the trainer takes them, by task id. Tasks whose photo cannot be read are left out. */
async function prepareInputs(job: Job, tasks: readonly AdapterTask[]): Promise<GroupInputs> {
  const { diffusion } = job.model;
  const photos = new Map<string, Float32Array>();
  for (const task of tasks) {
    stopIfInterrupted(job);
    try {
      photos.set(task.id, await preparePhoto(job, task));
    } catch (error) {
      taskFailed(job, [task.id], error);
    }
  }
  const usable = tasks.filter(({ id }) => photos.has(id));
  if (usable.length === 0) return new Map();
  const resolution = usable[0]!.parameters.resolution;
  const distributions = await encodePhotos(
    diffusion,
    usable.map(({ id }) => photos.get(id)!),
    resolution,
    job.signal,
  );
  const embeds = await encodePrompts(
    diffusion,
    usable.map(({ prompt }) => prompt),
  );
  return new Map(
    usable.map((task, index) => [task.id, trainingRow(task, distributions[index]!, embeds.get(task.prompt)!)]),
  );
}

function trainingRow(
  { parameters, photo }: AdapterTask,
  latents: LatentDistribution,
  promptEmbeds: Float32Array,
): TrainingRow {
  return { stream: [parameters.seed, "adapter", photo.sha256], photo: latents, promptEmbeds };
}

/**
 * Read a photo, and keep a copy as the model sees it in the run folder.
 * @throws LoftError "file-vanished", also when it is not the photo that was planned with; "image-unreadable"
 */
async function preparePhoto(
  { root, dataFolder }: Job,
  { classFolder, photo, parameters }: AdapterTask,
): Promise<Float32Array> {
  const file = join(dataFolder, ...photo.path.split("/"));
  await checkPhoto(file, photo.sha256);
  const square = await readPhotoSquare(file, parameters.resolution);
  await writeFileAtomic(inRun(root, photoFile(classFolder, photo.sha256)), await encodePng(square));
  return toTensor(square).values;
}

async function checkPhoto(file: string, expected: string): Promise<void> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw readError(error, file);
  });
  if (sha256(bytes) === expected) return;
  throw loftError("file-vanished", {
    what: `${file} was replaced by another picture after this run was planned.`,
    fix: "Run the same command again: it plans with the new one, and finished work is kept.",
  });
}

/** The trainer for a group's size: the former one where it fits. */
async function trainerFor(job: Job, { tasks }: AdapterGroup, former: Trainer | undefined): Promise<Trainer> {
  if (former?.options.rows === tasks.length) return former;
  await former?.release();
  return createTrainer(job.model.diffusion, trainerOptions(job, tasks));
}

function trainerOptions({ model }: Job, tasks: readonly AdapterTask[]): TrainerOptions {
  const { parameters } = tasks[0]!;
  return {
    rows: tasks.length,
    layout: adapterLayout(model.diffusion.unet.file.tensors, parameters),
    alpha: parameters.alpha,
    resolution: parameters.resolution,
    adamW: parameters,
    maxGradNorm: parameters.maxGradNorm,
    lrSchedule: { ...parameters, name: parameters.schedule },
  };
}

function adapterLayout(
  tensors: Parameters<typeof findTargetModules>[0],
  { rank, targetModules }: AdapterTask["parameters"],
): LoraLayout {
  return loraLayout(rank, findTargetModules(tensors, targetModules));
}

/** Train one group to its end. */
async function trainGroup(job: Job, group: AdapterGroup, trainer: Trainer, inputs: GroupInputs): Promise<void> {
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
    await writeTrainedAdapter(job.root, task, job.model, unetAdapter(adapter));
    const finalLoss = history.at(-1)!.losses[row]!;
    job.emit({ type: "adapter-finished", id: task.id, className: task.className, file, finalLoss });
  }
}

/** The last update comes after the last loss, so that a loss alone does not vouch for the weights. */
function hasFiniteWeights({ modules }: AdapterWeights): boolean {
  return modules.every(({ a, b }) => a.every(Number.isFinite) && b.every(Number.isFinite));
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

function notFinite({ className, photo }: AdapterTask, step: number) {
  return loftError("not-finite", {
    what: `The loss of the adapter for ${photo.path} (${className}) became NaN or infinite at step ${step}.`,
    fix: "Lower training.learningRate. With --keep-going the other adapters are trained all the same.",
  });
}
