/** The numbered events of a run: whoever comes back in time misses none, whoever comes too late is told so. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lossCurve } from "../../../daemon/jobs/loss-curves.ts";
import { createRunStream, type NumberedEvent } from "../../../daemon/jobs/run-stream.ts";
import type { OwnEvent, RunEvent } from "../../../schemas/run-event.ts";

const started: RunEvent = {
  type: "run-started",
  ...{ adapters: 2, images: 4, adaptersDone: 0, imagesDone: 0, steps: 2, device: "CPU", provider: "cpu" },
};
const warning = (what: string): RunEvent => ({ type: "warning", what });
const images = (...files: readonly string[]): RunEvent => ({
  type: "images-finished",
  ...{ className: "cat", files, durationSeconds: 1 },
});
const step = (at: number, losses: readonly number[]): RunEvent => ({
  type: "training-step",
  ...{ group: "g", step: at, steps: 2, losses, gradNorms: losses, durationSeconds: 1 },
});
const group: RunEvent = { type: "adapter-group-started", group: "g", adapters: ["a", "b"], step: 0, steps: 2 };

describe("a stream of events", () => {
  it("gives back what came since, and then what comes, without gap or doubling", () => {
    const some = fc.array(fc.constantFrom("warning", "step"), { maxLength: 30 });
    fc.assert(
      fc.property(some, some, some, (before, between, later) => {
        const stream = createRunStream(100);
        const all: NumberedEvent[] = [];
        stream.listen((event) => all.push(event));
        const tell = (kinds: readonly string[]) => {
          for (const [index, kind] of kinds.entries()) {
            stream.publish(kind === "step" ? step(index, [1]) : warning(`${index}`));
          }
        };
        tell(before);
        const after = stream.sequence();
        tell(between);
        const heard: NumberedEvent[] = [];
        expect(stream.listen((event) => heard.push(event), after).resumed).toBe(true);
        tell(later);
        const isStep = ({ event }: NumberedEvent) => event.type === "training-step";
        const missed = all.filter(
          (one) => after < one.sequence && one.sequence <= after + between.length && !isStep(one),
        );
        expect(heard).toEqual([...missed, ...all.slice(before.length + between.length)]);
        expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => 101 + index));
      }),
    );
  });

  it("says when it cannot give back everything", () => {
    const stream = createRunStream(100);
    for (let index = 0; index < 6_000; index += 1) stream.publish(warning(`${index}`));
    const heard: NumberedEvent[] = [];
    const listen = (after?: number) => stream.listen((event) => heard.push(event), after);
    expect(listen(500).resumed).toBe(false);
    expect(listen(7_000).resumed).toBe(false);
    expect(listen().resumed).toBe(false);
    expect(heard).toEqual([]);
    const { resumed, stop } = listen(6_000);
    expect([resumed, heard.length]).toEqual([true, 100]);
    stop();
    expect(listen(1_100).resumed).toBe(true);
  });

  it("folds progress and losses", () => {
    const stream = createRunStream(0);
    expect(stream.progress()).toMatchObject({ stage: "loading", share: 0 });
    for (const event of [started, group, step(1, [1, 3]), step(2, [2, Number.NaN])]) stream.publish(event);
    // A loss that is no number any more has diverged: null, since JSON knows no NaN.
    expect(stream.progress()).toMatchObject({ stage: "training", loss: null });
    expect(stream.losses.curves().get("a")).toEqual([
      { step: 1, loss: 1 },
      { step: 2, loss: 2 },
    ]);
    expect(stream.losses.curves().get("b")).toEqual([{ step: 1, loss: 3 }]);
    stream.publish({ type: "adapter-finished", id: "a", className: "cat", file: "f", finalLoss: 2 });
    expect([...stream.losses.curves().keys()]).toEqual(["b"]);
    stream.publish({ type: "adapter-finished", id: "b", className: "cat", file: "f", finalLoss: 2 });
    stream.publish(images("1", "2"));
    expect(stream.progress()).toMatchObject({ stage: "sampling", adaptersDone: 2, imagesDone: 2, secondsLeft: 1 });
    expect(stream.progress().share).toBeGreaterThan(0.5);
    stream.publish(images("3", "4"));
    expect(stream.progress()).toMatchObject({ share: 1, secondsLeft: 0 });
  });
});

describe("an evaluation", () => {
  const below = (method: string | null, event: OwnEvent): RunEvent => ({ type: "evaluation", method, event });
  const part = (at: number): OwnEvent => ({
    ...(started as OwnEvent & { type: "run-started" }),
    evaluation: { part: at, parts: 3 },
  });

  it("counts its parts alike, and tells the time left in the last one", () => {
    const stream = createRunStream(0);
    stream.publish(part(0));
    expect(stream.progress()).toMatchObject({ stage: "training", share: 0 });
    for (const event of [group, step(1, [1, 3])]) stream.publish(event);
    expect(stream.progress()).not.toHaveProperty("secondsLeft");
    stream.publish(below("class-prompt", part(1)));
    expect(stream.progress().share).toBeCloseTo(1 / 3);
    stream.publish(below(null, { ...part(2), adapters: 2, images: 0 } as OwnEvent));
    expect(stream.progress()).toMatchObject({ stage: "evaluating", adapters: 2, images: 0 });
    for (const event of [group, step(1, [1, 3])]) stream.publish(below(null, event as OwnEvent));
    expect(stream.progress()).toMatchObject({ stage: "evaluating", adaptersDone: 0 });
    expect(stream.progress().secondsLeft).toBeGreaterThan(0);
    expect(stream.progress().share).toBeGreaterThan(2 / 3);
    stream.publish(started);
    expect(stream.progress()).toMatchObject({ stage: "training", share: 0 });
  });

  it("keeps what is not the run's own out of its losses", () => {
    const stream = createRunStream(0);
    for (const event of [part(2), group, step(1, [1, 3])]) stream.publish(below(null, event as OwnEvent));
    expect(stream.losses.curves().size).toBe(0);
  });
});

describe("a loss curve", () => {
  it.each([
    [0, 0],
    [1, 1],
    [200, 200],
    [201, 101],
    [4_000, 200],
    [4_001, 191],
  ])("of %i steps has %i points with the mean of all", (steps, points) => {
    const curve = lossCurve(Array.from({ length: steps }, (_, index) => [index + 1, index] as const));
    expect(curve).toHaveLength(points);
    expect(curve.at(-1)?.step).toBe(steps === 0 ? undefined : steps);
    const width = Math.ceil(steps / 200);
    expect(curve[0]?.loss).toBe(steps === 0 ? undefined : (width - 1) / 2);
  });
});
