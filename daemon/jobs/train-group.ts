/** One group of adapters in training: step by step, with checkpoints, each adapter's file written last. */
import type { Adapter } from "../adapters/adapter-weights.ts";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { earlyStopAfter, stopsEarly } from "../optim/early-stop.ts";
import { type LrSchedule, learningRateAt } from "../optim/lr-schedule.ts";
import type { TrainingState } from "../optim/training-state.ts";
import { type AdapterTask, adapterTitle } from "../pipeline/plan.ts";
import type { Trainer, TrainingRow } from "../training/trainer.ts";
import { type AdapterGroup, groupOf } from "./adapter-groups.ts";
import { interrupted, type Job, taskFailed } from "./job.ts";
import { adapterFile, inRun, trainingLogFile } from "./run-folder.ts";
import { writeTrainedAdapter } from "./trained-adapter.ts";
import {
  checkpointRows,
  readCheckpoint,
  type StepRecord,
  type TrainingCheckpoint,
  writeCheckpoint,
} from "./training-checkpoint.ts";
import type { TrainingRows } from "./training-rows.ts";

/** A group between two steps; entry i of everything belongs to task i. */
export type BegunGroup = AdapterGroup & TrainingCheckpoint & { readonly rows: readonly TrainingRow[] };

/** Where the training of a group begins: at its checkpoint, else with fresh adapters. */
export async function beginGroup(
  job: Job,
  group: AdapterGroup,
  trainer: Trainer,
  inputs: TrainingRows,
): Promise<BegunGroup> {
  const rows = group.tasks.map(({ id }) => inputs.get(id)!);
  const saved = group.saved && (await readCheckpoint(job.root, group.saved, idsOf(group)));
  const begun = { ...group, rows, state: saved?.state ?? trainer.start(rows), history: saved?.history ?? [] };
  if (saved !== undefined) checkFinite(job, group, saved.state.step, saved.history.at(-1)!);
  return begun;
}

/**
 * Train until some adapters of a group have done their last step, and write these.
 * @returns the others, to go on with; no tasks where there are none
 */
export async function trainUntilSomeEnd(job: Job, begun: BegunGroup, trainer: Trainer): Promise<BegunGroup> {
  const { steps } = trainer.options.lrSchedule;
  job.emit({
    type: "adapter-group-started",
    group: begun.id,
    adapters: idsOf(begun),
    step: begun.state.step,
    steps,
  });
  const history = [...begun.history];
  let now: BegunGroup = { ...begun, history };
  let savedAt = performance.now();
  const save = () => writeCheckpoint(job.root, { id: begun.id, adapters: idsOf(begun) }, now);
  while (endedRows(job, now, steps).length === 0) {
    if (job.signal.aborted) {
      if (0 < now.state.step) await save();
      throw interrupted();
    }
    now = { ...now, state: await oneStep(job, begun, trainer, { state: now.state, history }) };
    if (job.checkpointSeconds * 1000 <= performance.now() - savedAt) {
      await save();
      savedAt = performance.now();
    }
  }
  const ended = endedRows(job, now, steps);
  await writeAdapters(job, now, trainer, ended);
  return onlyRows(
    now,
    [...now.tasks.keys()].filter((row) => !ended.includes(row)),
  );
}

function idsOf({ tasks }: AdapterGroup): readonly string[] {
  return tasks.map(({ id }) => id);
}

/** The rows that are not trained on: all after the last step, before it those whose loss falls no more. */
function endedRows({ failures }: Job, { tasks, state, history }: BegunGroup, steps: number): readonly number[] {
  const all = [...tasks.keys()];
  if (steps <= state.step || tasks.every(({ id }) => failures.has(id))) return all;
  return all.filter((row) => {
    const { earlyStop, warmupSteps } = tasks[row]!.parameters;
    if (earlyStop === null) return false;
    const losses = history.map((step) => ({ loss: step.losses[row]!, timestep: step.timesteps[row]! }));
    return stopsEarly(losses, earlyStopAfter(steps, earlyStop), warmupSteps);
  });
}

/** A group of some rows, under a name of its own. */
function onlyRows(begun: BegunGroup, rows: readonly number[]): BegunGroup {
  return {
    ...groupOf(rows.map((row) => begun.tasks[row]!)),
    ...checkpointRows(begun, rows, begun.tasks.length),
    rows: rows.map((row) => begun.rows[row]!),
  };
}

async function oneStep(
  job: Job,
  group: BegunGroup,
  trainer: Trainer,
  { state, history }: { readonly state: TrainingState; readonly history: StepRecord[] },
): Promise<TrainingState> {
  const started = performance.now();
  const result = await trainer.step(group.rows, state);
  const durationSeconds = (performance.now() - started) / 1000;
  const { losses, gradNorms, timesteps } = result;
  history.push({ losses, gradNorms, timesteps, durationSeconds });
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
  { tasks, state, history }: BegunGroup,
  trainer: Trainer,
  rows: readonly number[],
): Promise<void> {
  const adapters = trainer.adapters(state);
  for (const row of rows) {
    const [task, adapter] = [tasks[row]!, adapters[row]!];
    if (job.failures.has(task.id)) continue;
    if (!hasFiniteWeights(adapter)) {
      taskFailed(job, [task.id], notFinite(task, state.step));
      continue;
    }
    const { id, className, classFolder } = task;
    const log = trainingLog(history, row, trainer.options.lrSchedule);
    await writeFileAtomic(inRun(job.root, trainingLogFile(classFolder, id)), log);
    await writeTrainedAdapter(job.root, task, job.model, { adapter, steps: state.step });
    const finalLoss = history.at(-1)!.losses[row]!;
    const file = adapterFile(classFolder, id);
    job.emit({ type: "adapter-finished", id, className, file, finalLoss, steps: state.step });
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
