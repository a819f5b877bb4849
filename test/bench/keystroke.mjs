/** Builds and runs the keystroke benchmark with plain Node: `node test/bench/keystroke.mjs [--json]`. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const outfile = fileURLToPath(new URL("../../dist/bench/keystroke.js", import.meta.url));
await build({
  entryPoints: ["test/bench/keystroke.ts"],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  mainFields: ["module", "main"],
  banner: {
    js: 'import { createRequire as loftCreateRequire } from "node:module"; const require = loftCreateRequire(import.meta.url);',
  },
  logLevel: "warning",
});
await import(pathToFileURL(outfile).href);
