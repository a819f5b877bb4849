/**
 * Measures what fewer steps and guidance at some timesteps cost in quality, and save in time.
 *
 *   node test/bench/fewer-steps.mjs [CONFIG] [options]      --help lists the options
 */
import { pathToFileURL } from "node:url";
import { bundle, root } from "./bundle.mjs";

// A file per process, so that two may run at once.
const outfile = await bundle("fewer-steps", `fewer-steps-${process.pid}`);
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main({ root, arguments: process.argv.slice(2), bundle: outfile });
