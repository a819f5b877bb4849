/** Loss curves of adapters while they train, thinned as they grow: at most 200 points each, means of consecutive steps. */
import type { RunEvent } from "../../schemas/run-event.ts";

export type LossPoint = { readonly step: number; readonly loss: number };

export type LossCurves = {
  readonly add: (event: RunEvent) => void;
  /** By adapter id, of those that are not finished. */
  readonly curves: () => ReadonlyMap<string, readonly LossPoint[]>;
};

const mostPoints = 200;

/** Curves without points. */
export function createLossCurves(): LossCurves {
  const groups = new Map<string, readonly string[]>();
  const points = new Map<string, Map<number, number>>();
  const add = (event: RunEvent) => {
    if (event.type === "adapter-group-started") {
      groups.set(event.group, event.adapters);
      for (const id of event.adapters) if (event.step === 0 || !points.has(id)) points.set(id, new Map());
    }
    if (event.type === "training-step") {
      const { group, step, losses } = event;
      for (const [row, id] of (groups.get(group) ?? []).entries()) points.get(id)?.set(step, losses[row] ?? Number.NaN);
    }
    if (event.type === "adapter-finished") points.delete(event.id);
  };
  const curves = () => new Map([...points].map(([id, losses]) => [id, lossCurve([...losses])] as const));
  return { add, curves };
}

/**
 * The means of consecutive steps, at most 200 points; the step of a point is its last one.
 * @param losses pairs of step and loss; those that are no number are left out
 */
export function lossCurve(losses: readonly (readonly [step: number, loss: number])[]): readonly LossPoint[] {
  const finite = losses.filter(([, loss]) => Number.isFinite(loss)).sort(([left], [right]) => left - right);
  const width = Math.max(1, Math.ceil(finite.length / mostPoints));
  const points: LossPoint[] = [];
  for (let start = 0; start < finite.length; start += width) {
    const part = finite.slice(start, start + width);
    const sum = part.reduce((total, [, loss]) => total + loss, 0);
    points.push({ step: part.at(-1)![0], loss: sum / part.length });
  }
  return points;
}
