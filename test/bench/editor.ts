/** Runs the measurements inside an extension host and prints them beside their goals: `node test/bench/editor.mjs`. */
import { afterAll, expect, it } from "vitest";
import type { EditorFigures, Opening } from "../e2e/in-host/measurements.ts";
import { makeRunFolder } from "../e2e/support/run-folder.ts";
import { runInServer } from "../e2e/support/run-in-host.ts";

const folder = makeRunFolder();
afterAll(() => folder.remove());

type Row = readonly [name: string, milliseconds: number, goal: string];

function opening(which: string, { shownMilliseconds, underlinedMilliseconds, completedMilliseconds }: Opening): Row[] {
  return [
    [`${which}: shown by the editor`, shownMilliseconds, ""],
    [`${which}: from then, mistake underlined`, underlinedMilliseconds - shownMilliseconds, ""],
    [`${which}: from then, completion answers`, completedMilliseconds - shownMilliseconds, "below 1500 ms"],
  ];
}

it("measures", async () => {
  const figures = await runInServer<EditorFigures>(folder, "test/e2e/in-host/measurements.ts");
  const rows: readonly Row[] = [
    ["activate()", figures.activateMilliseconds, "below 50 ms"],
    ["activate(), processor", figures.activateProcessorMilliseconds, "below 50 ms"],
    ...opening("first configuration, daemon not running before", figures.firstOpened),
    ...opening("next configuration", figures.nextOpened),
    ["daemon start to first answer", figures.daemonMilliseconds, "below 1000 ms"],
    ["longest delay of the extension host without a run", figures.idle.longestMilliseconds, ""],
    ["longest delay of the extension host during a run", figures.run.longestMilliseconds, ""],
    ["longest task of the extension host during a run", figures.run.longestTaskMilliseconds, "below 50 ms"],
  ];
  for (const [name, value, goal] of rows) {
    process.stdout.write(`editor: ${name.padEnd(76)}${value.toFixed(0).padStart(6)} ms  ${goal}\n`);
  }
  const { seconds, images } = figures.run;
  process.stdout.write(`editor: (the run took ${seconds.toFixed(0)} s and made ${images} images)\n`);
  expect(images).toBeGreaterThan(0);
});
