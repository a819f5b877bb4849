/**
 * How quick the extension is in a real workbench, and how smooth the Samples panel with 10,000 images:
 *
 *   node test/bench/editor.mjs
 *
 * Prints figures beside their goals and judges none: they hang on what else the machine does. Needs what
 * `npm run test:e2e` needs.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");

const runs = [
  { args: ["--config", "test/e2e/vitest.config.ts"], environment: { LOFT_EDITOR_BENCH: "1" } },
  { args: ["test/webviews/samples.browser.test.ts", "-t", "10,000 images"], environment: {} },
];
for (const { args, environment } of runs) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, "run", "--disableConsoleIntercept", ...args],
    {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, ...environment, NO_COLOR: "1" },
      maxBuffer: 1 << 26,
    },
  );
  const figures = stdout.split("\n").filter((line) => /^(10,000 images|editor: )/.test(line));
  if (0 < figures.length) process.stdout.write(`${figures.join("\n")}\n`);
  if (status === 0) continue;
  process.stderr.write(`${stdout}${stderr}`);
  process.exitCode = 1;
}
