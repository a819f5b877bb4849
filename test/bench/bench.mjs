/** Builds and runs the benchmark with plain Node: `npm run bench [-- --json]`. */
import { build } from "esbuild";

await build({
  entryPoints: ["test/bench/training-and-sampling.ts"],
  outfile: "dist/bench/training-and-sampling.js",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["onnxruntime-node", "sharp"],
  logLevel: "warning",
});
await import("../../dist/bench/training-and-sampling.js");
