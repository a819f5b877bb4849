/** Loss curves grow by events, are thinned, and are summed up. */
import { describe, expect, it } from "vitest";
import {
  addLossEvents,
  type Curve,
  type Losses,
  mostPoints,
  noLosses,
  setCurves,
  summarize,
  thinned,
} from "../../../webviews/samples/loss-curves.ts";
import type { PageEvent } from "../../../webviews/samples/protocol.ts";

function curve(steps: readonly number[], losses: readonly number[], adapterId = "a"): Curve {
  return { adapterId, className: "cat", photo: `${adapterId}.png`, steps, losses };
}

function start(adapters: readonly string[], step = 0): PageEvent {
  return { type: "adapter-group-started", group: "g", adapters, step, steps: 100 };
}

function trained(step: number, losses: readonly (number | null)[]): PageEvent {
  return { type: "training-step", group: "g", step, steps: 100, losses, gradNorms: losses, durationSeconds: 1 };
}

const known = (...curves: readonly Curve[]): Losses =>
  setCurves(
    noLosses,
    curves.map(({ steps, losses, ...rest }) => ({
      ...rest,
      points: steps.map((step, i) => ({ step, loss: losses[i] as number })),
    })),
  );

describe("addLossEvents", () => {
  const both = known(curve([1, 2], [0.9, 0.8], "a"), curve([1], [0.7], "b"));

  it("adds each adapter's loss of its group once", () => {
    const { curves, isStale } = addLossEvents(both, [
      start(["a", "b"], 2),
      trained(2, [0.1, 0.6]),
      trained(3, [0.5, 0.4]),
    ]);
    expect(curves.get("a")).toMatchObject({ steps: [1, 2, 3], losses: [0.9, 0.8, 0.5] });
    expect(curves.get("b")).toMatchObject({ steps: [1, 2, 3], losses: [0.7, 0.6, 0.4] });
    expect(isStale).toBe(false);
  });

  it("does steps again that a checkpoint had not seen", () => {
    const { curves } = addLossEvents(both, [start(["a", "b"], 1), trained(2, [0.3, 0.2])]);
    expect(curves.get("a")).toMatchObject({ steps: [1, 2], losses: [0.9, 0.3] });
  });

  it("remembers that a loss was no number, until the training starts again", () => {
    const { curves } = addLossEvents(both, [start(["a", "b"], 2), trained(3, [null, 0.4])]);
    expect(curves.get("a")).toMatchObject({ steps: [1, 2], hasDiverged: true });
    expect(curves.get("b")).not.toHaveProperty("hasDiverged");
    const again = addLossEvents({ ...both, curves }, [start(["a", "b"]), trained(1, [0.9, 0.9])]);
    expect(again.curves.get("a")).not.toHaveProperty("hasDiverged");
  });

  it.each([
    { name: "a group it has not seen start", events: [trained(3, [0.5, 0.4])] },
    { name: "an adapter without a curve", events: [start(["a", "c"]), trained(1, [0.5, 0.4])] },
    { name: "another number of losses", events: [start(["a", "b"]), trained(3, [0.5])] },
  ])("asks for the curves again after $name", ({ events }) => {
    expect(addLossEvents(both, events).isStale).toBe(true);
  });
});

describe("thinned", () => {
  it("takes means of neighbors until there are few enough", () => {
    expect(thinned(curve([1, 2, 3, 4, 5], [1, 3, 5, 7, 9]), 3)).toMatchObject({ steps: [2, 4, 5], losses: [2, 6, 9] });
    expect(thinned(curve([1, 2, 3, 4, 5], [1, 3, 5, 7, 9]), 2).steps).toEqual([4, 5]);
  });

  it("keeps a long run in bounds", () => {
    let losses = addLossEvents(known(curve([], [])), [start(["a"])]);
    for (let step = 1; step <= 3000; step++) losses = addLossEvents(losses, [trained(step, [1 / step])]);
    const { steps, losses: values } = losses.curves.get("a") as Curve;
    expect(steps.length).toBeLessThanOrEqual(mostPoints);
    expect(steps.at(-1)).toBe(3000);
    expect(values).toHaveLength(steps.length);
  });
});

describe("summarize", () => {
  it("gives mean and range of each stretch", () => {
    const summary = summarize([curve([1, 2, 3, 4], [4, 2, 2, 0]), curve([1, 2], [8, 6], "b")], 2);
    expect(summary).toEqual({ steps: [2, 4], mean: [5, 1], least: [2, 0], most: [8, 2] });
  });

  it("has no stretch without a point, and none without curves", () => {
    expect(summarize([curve([1, 100], [3, 1])], 10).steps).toEqual([10, 100]);
    expect(summarize([])).toEqual({ steps: [], mean: [], least: [], most: [] });
  });

  it("sums up a thousand curves without effort", () => {
    const steps = Array.from({ length: 200 }, (_, i) => i + 1);
    const curves = Array.from({ length: 1000 }, (_, i) =>
      curve(
        steps,
        steps.map((step) => 1 / step),
        `${i}`,
      ),
    );
    const { user } = process.cpuUsage();
    const summary = summarize(curves);
    expect(process.cpuUsage().user - user).toBeLessThan(500_000);
    expect(summary.steps).toHaveLength(100);
  });
});
