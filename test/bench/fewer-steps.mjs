/**
 * Measures what fewer steps and guidance at some timesteps cost in quality, and save in time.
 *
 *   node test/bench/fewer-steps.mjs [CONFIG] [options]      --help lists the options
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
// Inside the project, so that the native packages are found; a file per process, so that two may run at once.
const folder = join(root, "dist", "bench");
const outfile = join(folder, `fewer-steps-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["test/bench/fewer-steps.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.9",
  external: ["onnxruntime-node", "sharp"],
  mainFields: ["module", "main"],
  logLevel: "warning",
  banner: {
    js: 'import { createRequire as loftCreateRequire } from "node:module"; const require = loftCreateRequire(import.meta.url);',
  },
});
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main({ root, arguments: process.argv.slice(2), bundle: outfile });
