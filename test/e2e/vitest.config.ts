/** The end-to-end tests, one file after another: each starts a workbench. `node test/run.mjs e2e` prepares and runs them. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: files(),
    testTimeout: 600_000,
    hookTimeout: 120_000,
    // A workbench has moments of its own: a hover that closes, a state that is saved a moment after the window is gone.
    retry: 2,
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
  },
});

/** Pictures for documents and measurements are made on demand only. */
function files(): string[] {
  if (process.env.LOFT_PICTURES === "1") return ["test/e2e/pictures.ts"];
  return process.env.LOFT_EDITOR_BENCH === "1" ? ["test/bench/editor.ts"] : ["test/e2e/**/*.e2e.ts"];
}
