/** Counts, rates and the time left, from events to words. */
import { describe, expect, it } from "vitest";
import {
  advance,
  initialProgress,
  type Progress,
  secondsLeft,
  withSecondsLeft,
} from "../../../daemon/jobs/progress.ts";
import { durationText, progressLine, progressLines } from "../../../daemon/jobs/progress-text.ts";
import type { AdapterFinished, RunEvent, RunStarted } from "../../../schemas/run-event.ts";

const started: RunStarted = {
  type: "run-started",
  adapters: 4,
  images: 10,
  adaptersDone: 0,
  imagesDone: 0,
  steps: 100,
  device: "2 cores",
  provider: "cpu",
};
const group: RunEvent = { type: "adapter-group-started", group: "g", adapters: ["a", "b"], step: 0, steps: 100 };
const images: RunEvent = { type: "images-finished", className: "cat", files: ["1", "2"], durationSeconds: 4 };

function step(number: number, durationSeconds: number): RunEvent {
  const pair = [0.5, 0.25];
  return {
    type: "training-step",
    group: "g",
    step: number,
    steps: 100,
    losses: pair,
    gradNorms: pair,
    durationSeconds,
  };
}

function adapterFinished(id: string): RunEvent {
  return { type: "adapter-finished", id, className: "cat", file: `${id}.safetensors`, finalLoss: 0.1 };
}

function progressAfter(...events: readonly RunEvent[]): Progress {
  return events.reduce(advance, initialProgress);
}

describe("secondsLeft", () => {
  const estimated: RunEvent = { ...started, secondsPerAdapterStep: 0.5, secondsPerImage: 3 };
  it.each<[string, readonly RunEvent[], number | undefined]>([
    ["nothing is known yet", [started], undefined],
    ["the plan has an estimate", [estimated], 4 * 100 * 0.5 + 10 * 3],
    ["images are not measured yet", [started, group, step(1, 2)], undefined],
    // One step of two adapters took 2 s: 1 s per adapter-step; 400 - 2 of them are left.
    ["the first step is measured", [estimated, group, step(1, 2)], 398 + 30],
    ["one of the two adapters is finished", [estimated, group, step(100, 2), adapterFinished("a")], 200 + 30],
    ["a checkpoint lets the group go on", [estimated, { ...group, step: 60 }], (400 - 120) * 0.5 + 30],
    ["a group has finished", [estimated, group, step(100, 2), adapterFinished("a"), adapterFinished("b")], 200 + 30],
    ["only images are left", [{ ...started, adaptersDone: 4 }, images], 8 * 2],
    ["everything was done before", [{ ...started, adaptersDone: 4, imagesDone: 10 }], 0],
  ])("when %s", (_, events, expected) => {
    expect(secondsLeft(progressAfter(...events))).toBe(expected);
  });

  it("follows a rate that changes, and forgets one slow start", () => {
    const steady = Array.from({ length: 200 }, (_, index) => step(Math.min(99, index + 1), 2));
    const progress = progressAfter({ ...started, images: 0 }, group, step(1, 100), ...steady);
    expect(progress.adapterStepRate.secondsPerUnit).toBeCloseTo(1, 1);
  });

  it("lets the second step replace the first, which is slow", () => {
    const progress = progressAfter({ ...started, images: 0 }, group, step(1, 100), step(2, 2));
    expect(progress.adapterStepRate.secondsPerUnit).toBe(1);
    expect(progressAfter({ ...started, images: 0 }, group, step(1, 100), step(2, 2), step(3, 4))).toMatchObject({
      adapterStepRate: { secondsPerUnit: 1.5 },
    });
  });

  it("expects of the others the share of steps that adapters took which stopped early", () => {
    const stopped: RunEvent = { ...(adapterFinished("a") as AdapterFinished), steps: 60 };
    const goesOn: RunEvent = { ...group, group: "h", adapters: ["b"], step: 60 } as RunEvent;
    const events: readonly RunEvent[] = [{ ...started, images: 0 }, group, step(1, 9), step(60, 2), stopped, goesOn];
    // Of three adapters 60 steps each; the second of the group has done them.
    expect(secondsLeft(progressAfter(...events))).toBe(3 * 60 - 60);
  });

  it("is written into the events that carry it", () => {
    const progress = progressAfter({ ...started, adaptersDone: 4 }, images);
    expect(withSecondsLeft(images, progress)).toEqual({ ...images, secondsLeft: 16 });
    expect(withSecondsLeft(started, progress)).toBe(started);
    expect(withSecondsLeft(images, initialProgress)).toEqual({ ...images, secondsLeft: 0 });
  });
});

describe("words", () => {
  const progress = progressAfter({ ...started, secondsPerImage: 3 }, group, step(20, 0.5));

  it("gives one plain line", () => {
    expect(progressLine(progress)).toBe(
      "adapters 0/4 (step 20/100 of 2, 4.0 adapter-steps/s, loss 0.3750), images 0/10, about 2 min 0 s left",
    );
    const failure: RunEvent = { type: "task-failed", id: "a", code: "not-finite", what: "w", fix: "f" };
    expect(progressLine(progressAfter(started, failure))).toBe(
      "adapters 0/4, images 0/10, measuring the time left · 1 failed",
    );
  });

  it("speaks of classifiers where an evaluation trains them", () => {
    const judging: Progress = { ...progress, evaluation: { part: 1, parts: 2 } };
    expect(progressLine(judging)).toBe(
      "classifiers 0/4 (step 20/100 of 2, 4.0 classifier-steps/s, loss 0.3750), about 2 min 0 s left of part 2 of 2",
    );
  });

  it("gives a live block", () => {
    expect(progressLines(progressAfter({ ...started, adaptersDone: 2 }), { columns: 60, color: false })).toEqual([
      "adapters  ━━━━━━━──────── 2/4",
      "images    ─────────────── 0/10",
      "left      measuring the time left · cpu (2 cores)",
    ]);
  });

  it("says nothing of adapters where the method has none", () => {
    const prompted = progressAfter({ ...started, adapters: 0 });
    expect(progressLine(prompted)).toBe("images 0/10, measuring the time left");
    expect(progressLines(prompted, { columns: 60, color: false })).toEqual([
      "images    ─────────────── 0/10",
      "left      measuring the time left · cpu (2 cores)",
    ]);
  });

  it.each([10, 20, 40, 200])("keeps the block within %i columns", (columns) => {
    for (const line of progressLines(progress, { columns, color: false })) expect(line.length).toBeLessThan(columns);
  });

  it("colors only when asked to", () => {
    const text = (color: boolean) => progressLines(progress, { columns: 60, color }).join("\n");
    expect(text(true)).toContain("\u001b[");
    expect(text(false)).not.toContain("\u001b[");
  });

  it.each([
    [0, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min 0 s"],
    [200, "3 min 20 s"],
    [7500, "2 h 5 min"],
    [1e6, "11 days 13 h"],
    [-3, "0 s"],
  ])("%f seconds are %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});
