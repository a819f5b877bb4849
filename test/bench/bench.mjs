/** Builds and runs the benchmark with plain Node: `npm run bench [-- --json] [--dedicated] [--peer PYTHON]`. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const outfile = fileURLToPath(new URL("../../dist/bench/training-and-sampling.js", import.meta.url));
await build({
  entryPoints: ["test/bench/training-and-sampling.ts"],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["onnxruntime-node", "sharp"],
  logLevel: "warning",
});
await import(pathToFileURL(outfile).href);
