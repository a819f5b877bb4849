/** Bundles a benchmark's TypeScript, so that plain Node runs it. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The project's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/**
 * Bundle test/bench/NAME.ts. Into the project's dist folder, so that the native packages are found.
 * @param {string} name
 * @param {string} [file] name of the bundle without its ending
 * @returns {Promise<string>} the bundle's path
 */
export async function bundle(name, file = name) {
  const folder = join(root, "dist", "bench");
  const outfile = join(folder, `${file}.mjs`);
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [`test/bench/${name}.ts`],
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
  return outfile;
}
