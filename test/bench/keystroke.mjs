/** Builds and runs the keystroke benchmark with plain Node: `node test/bench/keystroke.mjs [--json]`. */
import { pathToFileURL } from "node:url";
import { bundle } from "./bundle.mjs";

await import(pathToFileURL(await bundle("keystroke")).href);
