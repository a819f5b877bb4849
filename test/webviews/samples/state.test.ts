/** What messages make of the page's data. */
import { describe, expect, it } from "vitest";
import type { RunSummary, SampleClass } from "../../../schemas/protocol.ts";
import type { HostMessage } from "../../../webviews/samples/protocol.ts";
import { nextWanted } from "../../../webviews/samples/sample-lists.ts";
import { type PageData, reduce, shownClass, startData, stateToKeep } from "../../../webviews/samples/state.ts";

const run: RunSummary = {
  run: "0123456789abcdef",
  name: "r",
  folder: "runs/r",
  state: "running",
  work: "generate",
  sequence: 5,
};

const cat: SampleClass = {
  className: "cat",
  folder: "cat",
  planned: 4,
  samples: 2,
  photos: [{ adapterId: "cat-1", photo: "1.png", photoFile: "photos/cat/1.png", trained: false }],
};

const snapshot: HostMessage = {
  type: "snapshot",
  sequence: 5,
  run,
  classes: [cat],
  base: "https://x",
  canResume: true,
};

function hear(data: PageData, ...messages: readonly HostMessage[]): PageData {
  return messages.reduce((before, message) => reduce(before, { type: "host", message }), data);
}

function events(sequence: number, ...list: readonly unknown[]): HostMessage {
  return { type: "events", sequence, events: list };
}

const images = { type: "images-finished", className: "cat", files: ["data/a.png"], durationSeconds: 1 };
const adapter = { type: "adapter-finished", id: "cat-1", className: "cat", file: "adapters/1", finalLoss: 0.1 };
const known = hear(startData(), snapshot);

describe("a snapshot", () => {
  it("brings the run and makes all classes wanted", () => {
    expect(known.run?.summary.name).toBe("r");
    expect(nextWanted(known.lists, undefined)).toEqual({ className: "cat", offset: 0, limit: 1000 });
    expect(known.losses.isStale).toBe(true);
  });

  it("solves a problem", () => {
    const away = hear(known, { type: "problem", error: { code: "c", what: "w", fix: "f" } });
    expect(away.problem?.what).toBe("w");
    expect(hear(away, snapshot).problem).toBeUndefined();
    expect(hear(away, { type: "problem", error: null }).problem).toBeUndefined();
  });

  it("of the same run keeps the choices, of another run forgets what belongs to the old one", () => {
    const chosen = reduce(known, {
      type: "view",
      view: { ...known.view, className: "cat", selected: "data/a.png", thumbnail: 192 },
    });
    expect(hear(chosen, snapshot).view).toEqual(chosen.view);
    const other = hear(chosen, { ...snapshot, run: { ...run, run: "f".repeat(16) } });
    expect(other.view).toEqual({ tab: "samples", verdict: "all", thumbnail: 192 });
  });
});

describe("events", () => {
  it("after the snapshot count images and mark adapters as trained", () => {
    const later = hear(known, events(7, images, adapter));
    expect(later.lists.get("cat")?.known).toBe(3);
    expect(later.run?.classes[0]?.photos[0]?.trained).toBe(true);
    expect(later.run?.sequence).toBe(7);
  });

  it.each([
    { name: "that the snapshot holds already", message: events(5, images) },
    {
      name: "of kinds or shapes that it does not know",
      message: events(8, { type: "new" }, null, { ...images, files: 3 }),
    },
    { name: "of a class that is not in the run", message: events(8, { ...images, className: "dog" }) },
  ])("$name change nothing that is shown", ({ message }) => {
    const later = hear(known, message);
    expect(later.lists).toEqual(known.lists);
    expect(later.run?.classes).toEqual(known.run?.classes);
  });

  it("before any snapshot are dropped", () => {
    expect(hear(startData(), events(9, images))).toEqual(startData());
  });

  it("remember the last failures", () => {
    const failure = { type: "task-failed", id: "x", code: "c", what: "It broke.", fix: "Mend it." };
    const later = hear(known, events(6, ...Array.from({ length: 30 }, () => failure)));
    expect(later.taskFailures).toHaveLength(20);
    expect(later.taskFailures[0]).toBe("It broke. Mend it.");
  });
});

describe("the run", () => {
  it("changes by messages about it, not by those about another", () => {
    const changed = hear(known, { type: "run", run: { ...run, state: "finished" }, canResume: false });
    expect(changed.run).toMatchObject({ summary: { state: "finished" }, canResume: false });
    const other = { ...run, run: "f".repeat(16), state: "failed" } as const;
    expect(hear(known, { type: "run", run: other, canResume: true })).toBe(known);
  });
});

describe("the view", () => {
  it("is kept with the run's id and no data", () => {
    expect(stateToKeep(startData())).toBeUndefined();
    expect(stateToKeep(known)).toEqual({ run: run.run, tab: "samples", verdict: "all", thumbnail: 96 });
  });

  it("follows the extension to an image, past the filters", () => {
    const filtered = reduce(known, { type: "view", view: { ...known.view, className: "dog", verdict: "keep" } });
    const shown = hear(filtered, { type: "show", tab: "samples", file: "data/a.png" });
    expect(shown.view).toEqual({ tab: "samples", verdict: "all", thumbnail: 96, selected: "data/a.png" });
    expect(hear(filtered, { type: "show", tab: "pairs" }).view).toMatchObject({ tab: "pairs", className: "dog" });
  });

  it("shows all classes when the filter names one that the run has not", () => {
    expect(shownClass(reduce(known, { type: "view", view: { ...known.view, className: "dog" } }))).toBeUndefined();
    expect(shownClass(reduce(known, { type: "view", view: { ...known.view, className: "cat" } }))).toBe("cat");
  });
});
