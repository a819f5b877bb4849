/**
 * Measures LoFT's speed, memory and start-up on this machine, beside Python where a Python is named.
 *
 *   npm run bench [-- OPTIONS]        --help lists the options
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
// Inside the project, so that the native packages are found.
const outdir = join(root, "dist", "bench");
mkdirSync(outdir, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ["test/bench/bench.ts", "test/bench/contestant.ts"],
  outdir,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20.9",
  external: ["onnxruntime-node", "sharp"],
  mainFields: ["module", "main"],
  logLevel: "warning",
  banner: {
    js: 'import { createRequire as loftCreateRequire } from "node:module"; const require = loftCreateRequire(import.meta.url);',
  },
});
const { main } = await import(pathToFileURL(join(outdir, "bench.js")).href);
process.exitCode = await main({
  root,
  arguments: process.argv.slice(2),
  contestant: join(outdir, "contestant.js"),
});
