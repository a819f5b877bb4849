/**
 * Measures how faithfully single adapters give back their photos.
 *
 *   node test/bench/adapter-fidelity.mjs [CONFIG] [options]      --help lists the options
 */
import { pathToFileURL } from "node:url";
import { bundle, root } from "./bundle.mjs";

// A file per process, so that two may run at once.
const outfile = await bundle("adapter-fidelity", `adapter-fidelity-${process.pid}`);
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main({ root, arguments: process.argv.slice(2), bundle: outfile });
