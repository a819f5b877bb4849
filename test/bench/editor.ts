/** Runs the measurements inside an extension host and prints them beside their goals: `node test/bench/editor.mjs`. */
import { afterAll, expect, it } from "vitest";
import type { EditorFigures } from "../e2e/in-host/measurements.ts";
import { makeRunFolder } from "../e2e/support/run-folder.ts";
import { runInServer } from "../e2e/support/run-in-host.ts";

const folder = makeRunFolder();
afterAll(() => folder.remove());

it("measures", async () => {
  const figures = await runInServer<EditorFigures>(folder, "test/e2e/in-host/measurements.ts");
  const rows = [
    ["activate()", figures.activateMilliseconds, "below 50 ms"],
    ["activate(), processor", figures.activateProcessorMilliseconds, "below 50 ms"],
    ["language features ready after activation, daemon not running before", figures.readyMilliseconds, "below 1500 ms"],
    ["language features ready, daemon at work already", figures.openMilliseconds, "below 1500 ms"],
    ["daemon start to first answer", figures.daemonMilliseconds, "below 1000 ms"],
    ["longest delay of the extension host without a run", figures.idle.longestMilliseconds, ""],
    ["longest delay of the extension host during a run", figures.run.longestMilliseconds, ""],
    ["longest task of the extension host during a run", figures.run.longestTaskMilliseconds, "below 50 ms"],
  ] as const;
  for (const [name, value, goal] of rows) {
    process.stdout.write(`editor: ${name.padEnd(70)}${value.toFixed(0).padStart(6)} ms  ${goal}\n`);
  }
  const { seconds, images } = figures.run;
  process.stdout.write(`editor: (the run took ${seconds.toFixed(0)} s and made ${images} images)\n`);
  expect(images).toBeGreaterThan(0);
});
