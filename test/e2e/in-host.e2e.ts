/**
 * The tests inside the extension host, each shown here by its own name. `E2E_HOST=desktop` runs the same ones in a
 * desktop VS Code, where one can be downloaded.
 */
import { afterAll, expect, it } from "vitest";
import { makeRunFolder } from "./support/run-folder.ts";
import { runInDesktop } from "./support/run-in-desktop.ts";
import { runInServer } from "./support/run-in-host.ts";

const folder = makeRunFolder();
afterAll(() => folder.remove());

const tests = await (process.env.E2E_HOST === "desktop" ? runInDesktop(folder) : runInServer(folder));

it("ran the tests", () => {
  expect(tests.length).toBeGreaterThan(5);
});

it.each(tests)("$title ($milliseconds ms)", ({ error }) => {
  expect(error).toBeUndefined();
});
