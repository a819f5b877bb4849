/**
 * The loss curves of a run while it trains: points arrive step by step, long curves are thinned by taking means, and
 * many curves are drawn as their mean and range. Pure.
 */
import type { LossCurve } from "../../schemas/protocol.ts";
import type { PageEvent } from "./protocol.ts";

export type Curve = {
  readonly adapterId: string;
  readonly className: string;
  readonly photo: string;
  /** Rising. */
  readonly steps: readonly number[];
  readonly losses: readonly number[];
  /** Its last loss was no number. */
  readonly hasDiverged?: true;
};

export type Losses = {
  readonly curves: ReadonlyMap<string, Curve>;
  /** Adapters of the groups that train now, by group. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Steps of an adapter that this page cannot place arrived: the curves must be asked for again. */
  readonly isStale: boolean;
};

/** Mean, least and largest loss of many curves; `steps` are the middles of equal stretches. */
export type CurveSummary = {
  readonly steps: readonly number[];
  readonly mean: readonly number[];
  readonly least: readonly number[];
  readonly most: readonly number[];
};

export const noLosses: Losses = { curves: new Map(), groups: new Map(), isStale: true };

/** A curve with more points is halved by means of two. */
export const mostPoints = 400;

/** The daemon's curves replace ours. */
export function setCurves(losses: Losses, curves: readonly LossCurve[]): Losses {
  const entries = curves.map(({ adapterId, className, photo, points }): [string, Curve] => {
    const steps = points.map(({ step }) => step);
    return [adapterId, { adapterId, className, photo, steps, losses: points.map(({ loss }) => loss) }];
  });
  return { ...losses, curves: new Map(entries), isStale: false };
}

/** Add what events tell; steps that are already known are left out. */
export function addLossEvents(losses: Losses, events: readonly PageEvent[]): Losses {
  const groups = new Map(losses.groups);
  const curves = new Map(losses.curves);
  let { isStale } = losses;
  for (const event of events) {
    if (event.type === "adapter-group-started") {
      groups.set(event.group, event.adapters);
      for (const id of event.adapters) cutCurve(curves, id, event.step);
    }
    if (event.type !== "training-step") continue;
    const adapters = groups.get(event.group) ?? [];
    if (adapters.length !== event.losses.length) isStale = true;
    else if (!adapters.every((id) => curves.has(id))) isStale = true;
    else for (const [row, id] of adapters.entries()) extendCurve(curves, id, event.step, event.losses[row] ?? null);
  }
  return { curves, groups, isStale };
}

/** At most `most` points: means of neighbors, the step of the later one. */
export function thinned(curve: Curve, most = mostPoints): Curve {
  if (curve.steps.length <= most) return curve;
  const steps: number[] = [];
  const losses: number[] = [];
  for (let i = 0; i < curve.steps.length; i += 2) {
    const [first, second] = [curve.losses[i] as number, curve.losses[i + 1]];
    steps.push(curve.steps[i + 1] ?? (curve.steps[i] as number));
    losses.push(second === undefined ? first : (first + second) / 2);
  }
  return thinned({ ...curve, steps, losses }, most);
}

/** Over `stretches` equal stretches of the steps; those without a point are left out. */
export function summarize(curves: readonly Curve[], stretches = 100): CurveSummary {
  const lastStep = curves.reduce((last, curve) => Math.max(last, curve.steps.at(-1) ?? 0), 0);
  const length = Math.max(1, lastStep / stretches);
  const bins = Array.from({ length: Math.ceil(lastStep / length) }, () => ({ sum: 0, count: 0, least: 0, most: 0 }));
  for (const curve of curves) {
    curve.steps.forEach((step, i) => {
      const bin = bins[Math.min(bins.length - 1, Math.max(0, Math.ceil(step / length) - 1))];
      const loss = curve.losses[i] as number;
      if (bin === undefined) return;
      bin.least = bin.count === 0 ? loss : Math.min(bin.least, loss);
      bin.most = bin.count === 0 ? loss : Math.max(bin.most, loss);
      bin.sum += loss;
      bin.count += 1;
    });
  }
  const filled = bins.map((bin, i) => ({ ...bin, step: Math.round((i + 1) * length) })).filter((bin) => 0 < bin.count);
  return {
    steps: filled.map((bin) => bin.step),
    mean: filled.map((bin) => bin.sum / bin.count),
    least: filled.map((bin) => bin.least),
    most: filled.map((bin) => bin.most),
  };
}

/** Training that goes on from a checkpoint does some steps again. */
function cutCurve(curves: Map<string, Curve>, id: string, doneSteps: number): void {
  const curve = curves.get(id);
  const keep = curve?.steps.findIndex((step) => doneSteps < step) ?? -1;
  if (curve === undefined) return;
  const { hasDiverged: _before, ...rest } = curve;
  if (keep < 0) curves.set(id, rest);
  else curves.set(id, { ...rest, steps: curve.steps.slice(0, keep), losses: curve.losses.slice(0, keep) });
}

function extendCurve(curves: Map<string, Curve>, id: string, step: number, loss: number | null): void {
  const curve = curves.get(id);
  if (curve === undefined || step <= (curve.steps.at(-1) ?? 0)) return;
  if (loss === null) curves.set(id, { ...curve, hasDiverged: true });
  else curves.set(id, thinned({ ...curve, steps: [...curve.steps, step], losses: [...curve.losses, loss] }));
}
