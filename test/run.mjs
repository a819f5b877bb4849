/**
 * Runs the tests and counts: the last line printed is `N passed, N failed`. Exits 1 when something failed or nothing ran.
 *
 *   node test/run.mjs                 types, lint, the built command, every test but test/slow and test/bench, test/e2e
 *   node test/run.mjs parity          test/parity only, with its table of errors beside tolerances
 *   node test/run.mjs kill            test/kill only, in its long form (20 kills)
 *   node test/run.mjs e2e [PATTERN]   test/e2e only: the extension in a real workbench
 *   node test/run.mjs PATTERN...      the test files whose path holds one of the patterns
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare } from "./e2e/prepare.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const always = ["--exclude=test/slow/**", "--exclude=test/bench/**"];
const suites = {
  parity: { args: ["test/parity/", ...always, "--disableConsoleIntercept"], environment: {} },
  kill: {
    args: ["test/kill/", ...always, "--disableConsoleIntercept", "--testTimeout=3600000"],
    environment: { LOFT_KILLS: process.env.LOFT_KILLS ?? "20" },
  },
};

const patterns = process.argv.slice(2);
const isWhole = patterns.length === 0;
const suite = suites[patterns[0]] ?? { args: [...patterns, ...always], environment: {} };
const none = { passed: 0, failed: 0, skipped: 0 };
// Before all tests: the browser that it may install brings the software driver that other tests look for.
const workbench = isWhole || patterns[0] === "e2e" ? prepare() : {};
const total = [
  isWhole ? runChecks() : none,
  patterns[0] === "e2e" ? none : runVitest(suite),
  isWhole || patterns[0] === "e2e" ? runEndToEnd(patterns.slice(1)) : none,
].reduce(add);
process.stdout.write(`${summary(total)}\n`);
process.exitCode = 0 < total.failed || total.passed === 0 ? 1 : 0;

/** What is not a test file but must hold all the same; each counts as one test. */
function runChecks() {
  const modules = join(root, "node_modules");
  return [
    check("types (tsc)", [join(modules, "typescript", "bin", "tsc"), "--noEmit", "-p", "tsconfig.json"]),
    ...["extension", "webviews"].map((part) =>
      check(`types of ${part}/ (tsc)`, [join(modules, "typescript", "bin", "tsc"), "--noEmit", "-p", part]),
    ),
    check("lint and format (biome)", [
      join(modules, "@biomejs", "biome", "bin", "biome"),
      "check",
      "--error-on-warnings",
      ".",
    ]),
    check("the built command (loft --version)", [join(root, "daemon", "loft.mjs"), "--version"]),
  ].reduce(add);
}

function check(name, args) {
  const started = Date.now();
  const result = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  const passed = result.status === 0;
  process.stdout.write(` ${passed ? "✓" : "✗"} ${name} ${Date.now() - started} ms\n`);
  if (!passed) process.stdout.write(`${result.stdout}${result.stderr}${result.error ?? ""}\n`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

function runVitest({ args, environment }) {
  const folder = mkdtempSync(join(tmpdir(), "loft-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const result = spawnSync(process.execPath, [vitest, "run", ...args, ...reporters], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  const counts = existsSync(report)
    ? countsOf(JSON.parse(readFileSync(report, "utf8")))
    : { passed: 0, failed: 1, skipped: 0 };
  rmSync(folder, { recursive: true, force: true });
  // An error outside any test (an unhandled rejection, a crashed worker) fails the run without failing a test.
  const unexplained = result.status !== 0 && counts.failed === 0;
  return unexplained ? { ...counts, failed: 1 } : counts;
}

/** Where no workbench can be had these tests are skipped, in one line that says why; in CI that is a failure. */
function runEndToEnd(patterns) {
  const { problem } = workbench;
  if (problem === undefined)
    return runVitest({ args: ["--config=test/e2e/vitest.config.ts", ...patterns], environment: {} });
  process.stdout.write(`SKIP e2e: ${problem}\n`);
  return process.env.CI === "true" ? { ...none, failed: 1 } : { ...none, skipped: 1 };
}

/** A file that does not even load has no tests to fail: it counts as one failure. */
function countsOf(report) {
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function add(left, right) {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${0 < skipped ? `, ${skipped} skipped` : ""}`;
}
