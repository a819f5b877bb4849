/** What the extension host runs: every test of this folder, in mocha. `run` rejects when one fails. */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";
import { testConfigurations } from "./configurations.suite.ts";
import { testExtension } from "./extension.suite.ts";
import { testLanguage } from "./language.suite.ts";
import { testResults } from "./results.suite.ts";
import { testRuns } from "./runs.suite.ts";

/** One test's outcome, read by test/e2e/in-host.e2e.ts. */
export type HostTest = { readonly title: string; readonly error?: string; readonly milliseconds: number };

const longest = 180_000;

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", color: false, timeout: longest, reporter: "min" });
  for (const suite of [testExtension, testConfigurations, testLanguage, testRuns, testResults]) suite(mocha.suite);
  const report = process.env.LOFT_HOST_REPORT ?? "";
  const tests: HostTest[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    const note = (test: Mocha.Runnable, error?: Error): void => {
      const failure = error === undefined ? {} : { error: error.stack ?? error.message };
      tests.push({ title: test.fullTitle(), milliseconds: test.duration ?? 0, ...failure });
      // After each test, so that a host that dies leaves what it found.
      writeFileSync(report, JSON.stringify(tests));
    };
    runner.on("pass", (test) => note(test));
    runner.on("fail", note);
  });
  if (0 < failures) throw new Error(`${failures} tests failed`);
}
