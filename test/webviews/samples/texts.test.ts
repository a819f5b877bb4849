/** How numbers and summaries read. */
import { describe, expect, it } from "vitest";
import { durationText, lossText, summaryText, texts, weightText } from "../../../webviews/samples/texts.ts";

describe("texts", () => {
  const progress = {
    adaptersDone: 3,
    adapters: 48,
    imagesDone: 0,
    images: 3000,
    stage: "training",
    share: 0.1,
    secondsLeft: 300,
    failed: 0,
  } as const;

  it.each([
    [0.2, "1 s"],
    [40, "40 s"],
    [59.6, "1 min"],
    [3600, "1 h"],
    [7500, "2 h 5 min"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  it("write numbers as people do", () => {
    expect([lossText(0.123456), lossText(12.3456), weightText(0.35), weightText(1)]).toEqual([
      "0.123",
      "12.3",
      "0.35",
      "1",
    ]);
    expect(texts.replayDiffers(1, 2)).toBe("Made again: 1 value differs, by at most 2 of 255.");
    expect(texts.groupCount(3, 10, 20)).toBe("3 shown, 10 of 20 made");
  });

  it("sum up a run in a sentence", () => {
    const run = { work: "generate", state: "running" } as const;
    expect(summaryText({ ...run, progress })).toBe("Running, 3 of 48 adapters, 0 of 3,000 images, 5 min left.");
    expect(summaryText({ ...run, state: "finished" })).toBe("Finished.");
  });

  it("say what was evaluated", () => {
    const judging = { ...progress, stage: "evaluating", adapters: 30, images: 0 } as const;
    const run = { work: "evaluate", progress: judging } as const;
    expect(summaryText({ ...run, state: "running" })).toBe("Evaluating, 3 of 30 classifiers, 5 min left.");
    expect(summaryText({ ...run, state: "interrupted" })).toBe("Evaluation interrupted, 3 of 30 classifiers.");
    const finished = summaryText({ ...run, state: "finished" });
    expect(finished).toBe("Evaluation finished, 30 classifiers trained and compared.");
  });
});
