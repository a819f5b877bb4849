/**
 * Bundles the `loft` command: daemon/cli.ts becomes dist/cli.js (ES module, Node 20).
 * Native packages stay outside; commands are split into chunks so that `loft --help` loads no runtime.
 *
 *   node esbuild.mjs [--watch]
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));

/** @type {import("esbuild").BuildOptions} */
const options = {
  absWorkingDir: root,
  entryPoints: { cli: "daemon/cli.ts" },
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.9",
  external: ["onnxruntime-node", "sharp"],
  mainFields: ["module", "main"],
  sourcemap: true,
  logLevel: "warning",
  // Bundled CommonJS packages still ask for Node's own modules through `require`.
  banner: {
    js: 'import { createRequire as loftCreateRequire } from "node:module"; const require = loftCreateRequire(import.meta.url);',
  },
};

if (process.argv.includes("--watch")) {
  const watcher = await context({ ...options, logLevel: "info" });
  await watcher.watch();
} else {
  const { metafile } = await build({ ...options, metafile: true });
  removeOldChunks(Object.keys(metafile.outputs));
}

/** Chunks of earlier builds go after an hour: a `loft` that is running may still load one of them. */
function removeOldChunks(outputs) {
  const folder = join(root, "dist", "chunks");
  const current = new Set(outputs.map((output) => join(root, output)));
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!current.has(file) && statSync(file).mtimeMs < Date.now() - 3_600_000) rmSync(file, { force: true });
  }
}
