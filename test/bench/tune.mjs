/**
 * Compares settings on validation pictures: the photos of a few-shot set that no adapter and no classifier learns from.
 *
 *   node test/bench/tune.mjs [CONFIG] [options] SETTING...      --help tells more
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "jsonc-parser";
import { root } from "./bundle.mjs";

const usage = `node test/bench/tune.mjs [CONFIG] [options] SETTING...

The first data.shots photos of each class of CONFIG (default: examples/fashion/fashion.loft.json) are learned from, the
others judge: the test pictures stay untouched. Each SETTING is a part of a configuration, as JSON, that is evaluated
as loft's images alone with a residual network of 200 steps, unless it says more itself:

  node test/bench/tune.mjs '{}' '{"fusion":{"weights":{"kind":"fixed","values":[0.75,0.75]}}}'
  node test/bench/tune.mjs '{"evaluation":{"rows":["real","real+synthetic"],"syntheticShare":0.25}}'

  --folder FOLDER   keep everything there; what it already holds is not made again
`;

/** What is compared where a setting says nothing else. */
const usual = { test: "validation", classifier: "resnet", steps: 200, rows: ["synthetic"], methods: ["loft"] };

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { folder: { type: "string" }, help: { type: "boolean" } },
  });
  const config = resolve(positionals[0]?.endsWith(".json") ? positionals[0] : fashion);
  const settings = positionals.filter((each) => !each.endsWith(".json"));
  if (values.help === true || settings.length === 0) return process.stdout.write(usage);
  const folder = values.folder === undefined ? mkdtempSync(join(tmpdir(), "loft-tune-")) : resolve(values.folder);
  splitPhotos(config, folder);
  for (const setting of settings) {
    const { rows } = evaluated(config, folder, JSON.parse(setting));
    for (const row of rows) process.stdout.write(`${setting}  ${rowText(row)}\n`);
  }
  if (values.folder === undefined) rmSync(folder, { recursive: true });
}

const fashion = join(root, "examples", "fashion", "fashion.loft.json");

/** Copies of the first photos of each class to `photos`, of the others to `validation`. */
function splitPhotos(config, folder) {
  const { data } = parse(readFileSync(config, "utf8"));
  const photos = resolve(dirname(config), data.folder);
  const classes = readdirSync(photos, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of classes) {
    for (const [index, file] of readdirSync(join(photos, name)).sort().entries()) {
      const target = join(folder, index < data.shots ? "photos" : "validation", name);
      mkdirSync(target, { recursive: true });
      copyFileSync(join(photos, name, file), join(target, file));
    }
  }
}

/** One run folder for all settings: adapters are trained again only where a setting changes them. */
function evaluated(config, folder, setting) {
  const file = join(folder, "tune.loft.json");
  const own = { extends: relative(folder, config), name: "tune", ...setting };
  own.data = { ...setting.data, folder: "photos" };
  own.evaluation = { ...usual, ...setting.evaluation };
  writeFileSync(file, `${JSON.stringify(own, undefined, 2)}\n`);
  const loft = join(root, "daemon", "loft.mjs");
  const { status } = spawnSync(process.execPath, [loft, "evaluate", file], { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(readFileSync(join(folder, "runs", "tune", "evaluation", "results.loft-results.json"), "utf8"));
}

function rowText({ title, mean, std, difference }) {
  const percent = (share) => (100 * share).toFixed(1);
  const spread = std === null ? "" : ` ± ${percent(std)}`;
  if (difference === null) return `${title}: ${percent(mean)}${spread}`;
  const interval = [difference.low, difference.high].map(percent).join(", ");
  return `${title}: ${percent(mean)}${spread}, ${percent(difference.difference)} [${interval}]`;
}

main();
