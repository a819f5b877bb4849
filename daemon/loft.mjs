#!/usr/bin/env node
/** The `loft` command: starts the bundle, or says how to make it. */
import { existsSync } from "node:fs";

const bundle = new URL("../dist/cli.js", import.meta.url);
if (existsSync(bundle)) {
  const { main } = await import(bundle.href);
  await main(process.argv);
} else {
  process.stderr.write("error[not-built]: dist/cli.js is missing: LoFT is not set up in this folder yet.\n");
  process.stderr.write("fix: Run `node setup.mjs` (or `npm start`) in LoFT's folder once, then this command again.\n");
  process.exitCode = 1;
}
