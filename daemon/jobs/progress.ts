/** How far a run is: counts, rates and the time left, folded from its events. Pure; clocks and screens are elsewhere. */
import type { EvaluationPart, OwnEvent, RunEvent } from "../../schemas/run-event.ts";

/** The state of a run as its events tell it. Rates are smoothed over about the last twenty measurements. */
export type Progress = {
  readonly adapters: Count;
  readonly images: Count;
  /** Training steps of one adapter, as planned. */
  readonly steps: number;
  /** Of the adapters that are finished, the steps planned and those done: fewer where training stopped early. */
  readonly stepsOfFinished: { readonly planned: number; readonly done: number };
  readonly group: GroupProgress | undefined;
  readonly adapterStepRate: Rate;
  readonly imageRate: Rate;
  readonly adapterStepsPerImage: number | undefined;
  /** Mean of the last losses of the group in training; NaN where one of them diverged. */
  readonly loss: number | undefined;
  readonly failed: number;
  readonly device: string;
  readonly provider: string;
  /** Where this is one part of an evaluation. */
  readonly evaluation: EvaluationPart | undefined;
};

export type Count = { readonly done: number; readonly total: number };

/** Seconds per unit of work; `samples` is 0 while it is only the plan's estimate or unknown. */
export type Rate = { readonly secondsPerUnit: number | undefined; readonly samples: number };

/** The adapters in training at the moment; those that are finished leave `adapters`. */
type GroupProgress = { readonly adapters: readonly string[]; readonly step: number; readonly steps: number };

const unknownRate: Rate = { secondsPerUnit: undefined, samples: 0 };

export const initialProgress: Progress = {
  adapters: { done: 0, total: 0 },
  images: { done: 0, total: 0 },
  steps: 0,
  stepsOfFinished: { planned: 0, done: 0 },
  group: undefined,
  adapterStepRate: unknownRate,
  imageRate: unknownRate,
  adapterStepsPerImage: undefined,
  loss: undefined,
  failed: 0,
  device: "",
  provider: "",
  evaluation: undefined,
};

/** The state after one more event. */
export function advance(progress: Progress, event: RunEvent): Progress {
  switch (event.type) {
    case "run-started":
      return {
        ...initialProgress,
        adapters: { done: event.adaptersDone, total: event.adapters },
        images: { done: event.imagesDone, total: event.images },
        steps: event.steps,
        adapterStepRate: { secondsPerUnit: event.secondsPerAdapterStep, samples: 0 },
        imageRate: { secondsPerUnit: event.secondsPerImage, samples: 0 },
        adapterStepsPerImage: event.adapterStepsPerImage,
        device: event.device,
        provider: event.provider,
        evaluation: event.evaluation,
      };
    case "adapter-group-started":
      return { ...progress, group: { adapters: event.adapters, step: event.step, steps: event.steps } };
    case "training-step":
      return {
        ...progress,
        group: { adapters: progress.group?.adapters ?? [], step: event.step, steps: event.steps },
        adapterStepRate: measured(progress.adapterStepRate, event.durationSeconds, event.losses.length),
        loss: mean(event.losses),
      };
    case "adapter-finished":
      return {
        ...progress,
        adapters: oneMore(progress.adapters, 1),
        stepsOfFinished: withSteps(progress, event.steps),
        group: withoutAdapter(progress.group, event.id),
      };
    case "images-finished":
      return {
        ...progress,
        group: undefined,
        images: oneMore(progress.images, event.files.length),
        imageRate: measured(progress.imageRate, event.durationSeconds, event.files.length),
      };
    case "task-failed":
      return { ...progress, failed: progress.failed + 1, group: withoutAdapter(progress.group, event.id) };
    case "evaluation":
      return advance(progress, event.event);
    case "warning":
    case "run-finished":
    case "run-interrupted":
      return progress;
  }
}

/** Whether classifiers are trained: the last part of an evaluation. */
export function isJudging({ evaluation }: Progress): boolean {
  return evaluation !== undefined && evaluation.part === evaluation.parts - 1;
}

/** Seconds until everything is done; undefined while a rate that matters is unknown. */
export function secondsLeft(progress: Progress): number | undefined {
  const training = timeFor(adapterStepsLeft(progress), progress.adapterStepRate);
  const sampling = timeFor(progress.images.total - progress.images.done, expectedImageRate(progress));
  return training === undefined || sampling === undefined ? undefined : training + sampling;
}

/**
 * The share of the work that is done, 0 to 1, weighted by time; by count while a rate that matters is unknown. Work that
 * failed counts as done.
 */
export function workDone(progress: Progress): number {
  const { adapters, images, failed } = progress;
  const total = adapters.total + images.total;
  if (total === 0) return 0;
  const left = secondsLeft(progress);
  const training = timeFor(adapters.total * expectedSteps(progress), progress.adapterStepRate);
  const sampling = timeFor(images.total, expectedImageRate(progress));
  if (left === undefined || training === undefined || sampling === undefined || training + sampling === 0) {
    return Math.min(1, (adapters.done + images.done + failed) / total);
  }
  return Math.max(0, Math.min(1, 1 - left / (training + sampling)));
}

/** The measured rate of images, or before the first one what the training steps let expect. */
function expectedImageRate({ imageRate, adapterStepRate, adapterStepsPerImage }: Progress): Rate {
  const { secondsPerUnit } = adapterStepRate;
  if (imageRate.secondsPerUnit !== undefined || !secondsPerUnit || adapterStepsPerImage === undefined) return imageRate;
  return { secondsPerUnit: secondsPerUnit * adapterStepsPerImage, samples: 0 };
}

/** The event with the time left after it, for the kinds that carry one; rounded to tenths of a second. */
export function withSecondsLeft(event: RunEvent, progress: Progress): RunEvent {
  if (event.type === "evaluation") return { ...event, event: ownWithSecondsLeft(event.event, progress) };
  return ownWithSecondsLeft(event, progress);
}

function ownWithSecondsLeft(event: OwnEvent, progress: Progress): OwnEvent {
  const seconds = secondsLeft(progress);
  if (seconds === undefined) return event;
  switch (event.type) {
    case "training-step":
    case "adapter-finished":
    case "images-finished":
      return { ...event, secondsLeft: Math.round(seconds * 10) / 10 };
    default:
      return event;
  }
}

/** Units per second; undefined until one is measured. */
export function unitsPerSecond(rate: Rate): number | undefined {
  return rate.samples === 0 || !rate.secondsPerUnit ? undefined : 1 / rate.secondsPerUnit;
}

/**
 * Steps still to do, summed over adapters; those of the current group are already part of the way. Where training stops
 * early, adapters are expected to take the share of their steps that the finished ones took.
 */
function adapterStepsLeft(progress: Progress): number {
  const { adapters, group } = progress;
  const alreadyDone = group === undefined ? 0 : group.adapters.length * group.step;
  return Math.max(0, (adapters.total - adapters.done) * expectedSteps(progress) - alreadyDone);
}

function expectedSteps({ steps, stepsOfFinished: { planned, done } }: Progress): number {
  return planned === 0 ? steps : (steps * done) / planned;
}

function withSteps({ stepsOfFinished, group }: Progress, done: number | undefined): Progress["stepsOfFinished"] {
  if (group === undefined) return stepsOfFinished;
  const { planned, done: before } = stepsOfFinished;
  return { planned: planned + group.steps, done: before + (done ?? group.steps) };
}

function timeFor(units: number, rate: Rate): number | undefined {
  if (units <= 0) return 0;
  return rate.secondsPerUnit === undefined ? undefined : units * rate.secondsPerUnit;
}

/**
 * A plain mean of the first twenty measurements, then an exponential one. An estimate gives way to the first, and the
 * first, which everything is still cold for, to the second.
 */
function measured(rate: Rate, durationSeconds: number, units: number): Rate {
  if (units === 0) return rate;
  const fresh = durationSeconds / units;
  const samples = rate.samples + 1;
  const share = 1 / Math.max(1, Math.min(samples - 1, 20));
  const before = rate.samples === 0 ? fresh : (rate.secondsPerUnit ?? fresh);
  return { secondsPerUnit: before + (fresh - before) * share, samples };
}

function oneMore(count: Count, units: number): Count {
  return { ...count, done: count.done + units };
}

function withoutAdapter(group: GroupProgress | undefined, id: string): GroupProgress | undefined {
  return group && { ...group, adapters: group.adapters.filter((other) => other !== id) };
}

function mean(values: readonly (number | null)[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0) / values.length;
}
