/**
 * Bundles the `loft` command: daemon/cli.ts becomes dist/cli.js (ES module, Node 20).
 * Native packages stay outside; commands are split into chunks so that `loft --help` loads no runtime.
 *
 *   node esbuild.mjs [--watch]
 */
import { rmSync } from "node:fs";
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
  rmSync(join(root, "dist", "chunks"), { recursive: true, force: true });
  await build(options);
}
