/** What a run looks like: on a terminal, in a log, and to another program. */
import { describe, expect, it } from "vitest";
import { progressDisplay } from "../../../daemon/cli/show-progress.ts";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { recordedContext } from "../../support/recorded-context.ts";

const started: RunEvent = {
  type: "run-started",
  adapters: 2,
  images: 4,
  adaptersDone: 2,
  imagesDone: 0,
  steps: 10,
  device: "2 cores",
  provider: "cpu",
};
const finished: RunEvent = { type: "run-finished", adapters: 0, images: 4, failed: 0, seconds: 61 };
const warning: RunEvent = { type: "warning", what: "It is hot.", fix: "Open a window." };

function images(number: number): RunEvent {
  return {
    type: "images-finished",
    className: "cat",
    files: [`data/train/cat/00000${number}.png`],
    durationSeconds: 2,
  };
}

describe("progressDisplay", () => {
  it("prints every event as a line of JSON with the time left", () => {
    const { stdout, stderr } = play([started, images(1), warning, finished], { asJson: true });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      started,
      { ...images(1), secondsLeft: 6 },
      warning,
      finished,
    ]);
    expect(stderr).toBe("");
  });

  it("prints a plain line at most every five seconds, notes at once, and the end", () => {
    const { stdout, stderr } = play([started, images(1), images(2), images(3), warning, images(4), finished]);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toEqual([
      "2 adapters, 4 images (2 and 0 are already done) on cpu: 2 cores",
      "adapters 2/2, images 0/4, measuring the time left",
      "adapters 2/2, images 3/4 (0.5 images/s), about 2 s left",
      "warning: It is hot.",
      "fix: Open a window.",
      "done in 1 min 1 s: 0 adapters, 4 images",
      "adapters 2/2, images 4/4 (0.5 images/s), nothing left",
    ]);
  });

  it("counts one adapter and one image as one", () => {
    const one = { adapters: 1, images: 1 };
    const { stderr } = play([
      { ...started, ...one, adaptersDone: 0, imagesDone: 0 },
      { type: "run-interrupted", ...one, seconds: 61 },
      { ...finished, ...one } as RunEvent,
    ]);
    const notes = stderr.split("\n");
    expect(notes[0]).toBe("1 adapter, 1 image on cpu: 2 cores");
    expect(notes).toContain("stopped after 1 min 1 s; done since the start: 1 adapter and 1 image");
    expect(notes).toContain("done in 1 min 1 s: 1 adapter, 1 image");
  });

  it.each([
    ["in continuous integration", { CI: "true" }],
    ["on a terminal that cannot move its cursor", { TERM: "dumb" }],
  ])("prints plain lines %s", (_, environment) => {
    const { stderr } = play([started, images(1)], { terminal: true, environment });
    expect(stderr).not.toContain("\u001b");
    expect(stderr).toContain("adapters 2/2");
  });

  it("draws one block on a terminal over and over, notes above it", () => {
    const { stderr } = play([started, images(1), warning, images(2)], {
      terminal: true,
      environment: { NO_COLOR: "1" },
    });
    const drawings = stderr.split("\u001b[3F\u001b[0J");
    expect(drawings).toHaveLength(5);
    expect(drawings[0]).toMatch(/^2 adapters.*\nadapters .*\nimages .*\nleft .*\n$/);
    expect(drawings[2]).toMatch(/^warning: It is hot\.\nfix: Open a window\.\nadapters /);
    expect(drawings[4]).toContain("2/4");
  });

  it("puts what is no event above the block", () => {
    const scene = { terminal: true, environment: { NO_COLOR: "1" }, noteAtEnd: "saving ..." };
    const last = play([started], scene).stderr.split("\u001b[3F\u001b[0J").at(-2);
    expect(last).toMatch(/^saving \.\.\.\nadapters .*\nimages .*\nleft .*\n$/);
    expect(play([started], { ...scene, terminal: false }).stderr).toContain("\nsaving ...\n");
  });

  it("uses color only where it is welcome", () => {
    const colors = (environment: Record<string, string>) =>
      play([started], { terminal: true, environment }).stderr.includes("\u001b[90m");
    expect([colors({}), colors({ NO_COLOR: "" }), colors({ NO_COLOR: "1" })]).toEqual([true, true, false]);
  });
});

type Scene = {
  readonly asJson?: boolean;
  readonly terminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly noteAtEnd?: string;
};

/** Show events two seconds apart and close. */
function play(
  events: readonly RunEvent[],
  { asJson = false, terminal = false, environment = {}, noteAtEnd }: Scene = {},
) {
  let clock = 0;
  const { context, printed } = recordedContext({ stderrIsTerminal: terminal, environment });
  const display = progressDisplay(context, asJson, () => clock);
  for (const event of events) {
    display.show(event);
    clock += 2_000;
  }
  if (noteAtEnd !== undefined) display.note(noteAtEnd);
  display.close();
  return printed();
}
