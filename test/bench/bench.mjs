/**
 * Measures LoFT's speed, memory and start-up on this machine, beside Python where a Python is named.
 *
 *   npm run bench [-- OPTIONS]        --help lists the options
 */
import { pathToFileURL } from "node:url";
import { bundle, root } from "./bundle.mjs";

const contestant = await bundle("contestant");
const { main } = await import(pathToFileURL(await bundle("bench")).href);
process.exitCode = await main({ root, arguments: process.argv.slice(2), contestant });
