/**
 * Makes a fresh clone ready: packages, bundle and the `loft` command. Plain Node, because nothing is installed yet.
 * Each step is skipped when it is already done, so that running this before every command costs next to nothing.
 *
 *   node setup.mjs [--quiet]
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const quiet = process.argv.includes("--quiet");
const installStamp = join(root, "node_modules", ".loft-installed");
const bundleStamp = join(root, "dist", ".loft-built");
const bundle = join(root, "dist", "cli.js");
const bundledRoots = ["daemon", "extension", "webviews", "schemas", "esbuild.mjs", "package.json", "package-lock.json"];

checkNode();
installPackages();
linkCommand();
buildBundle();

/** LoFT's floor is what its dependencies need; older versions fail later and less clearly. */
function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (20 < major || (major === 20 && 9 <= minor)) return;
  fail(
    `Node ${process.versions.node} is too old: LoFT needs 20.9 or newer.`,
    "Install Node 20 LTS or newer from https://nodejs.org.",
  );
}

function installPackages() {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const wanted = `${hash(lock)} ${process.platform}-${process.arch}`;
  if (readText(installStamp) === wanted) return;
  if (!holdsLockedPackages(JSON.parse(lock))) runNpm(Object.keys(JSON.parse(lock).packages).length - 1);
  writeFileSync(installStamp, wanted);
}

/** Whether a folder that npm filled without us (`npm install`) already has every package this platform needs. */
function holdsLockedPackages(lock) {
  const text = readText(join(root, "node_modules", ".package-lock.json"));
  if (text === undefined) return false;
  const installed = JSON.parse(text).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    const present = installed[path];
    if (path === "" || (present === undefined && (wanted.optional || wanted.peer))) return true;
    return present?.version === wanted.version && existsSync(join(root, path, "package.json"));
  });
}

function runNpm(packageCount) {
  say(
    `Installing ${packageCount} packages with npm ci: about 200 MB to load, 520 MB on disk, once; no install scripts ...`,
  );
  const started = Date.now();
  const result = npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}\n`);
    fail(
      "npm ci could not install the packages.",
      "Check the network and `npm config get registry`, then run this again.",
    );
  }
  say(`Installed in ${secondsSince(started)} s.`);
}

/** Runs the npm that started us, or the one on the path. */
function npm(args) {
  const options = { cwd: root, encoding: "utf8" };
  const script = process.env.npm_execpath;
  if (script?.endsWith(".js")) return spawnSync(process.execPath, [script, ...args], options);
  return spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
}

/** `npx loft` finds its command in node_modules/.bin; npm links it only for packages that depend on ours. */
function linkCommand() {
  const target = join(root, "daemon", "loft.mjs");
  const bin = join(root, "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  if (process.platform === "win32") {
    writeFileSync(join(bin, "loft.cmd"), '@node "%~dp0\\..\\..\\daemon\\loft.mjs" %*\r\n');
    return;
  }
  const link = join(bin, "loft");
  const relativeTarget = "../../daemon/loft.mjs";
  if (linkTarget(link) === relativeTarget) return;
  chmodSync(target, 0o755);
  rmSync(link, { force: true });
  symlinkSync(relativeTarget, link);
}

function buildBundle() {
  const wanted = hashOfSources();
  if (existsSync(bundle) && readText(bundleStamp) === wanted) return;
  const started = Date.now();
  const result = spawnSync(process.execPath, [join(root, "esbuild.mjs")], { cwd: root, encoding: "utf8" });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout}${result.stderr}`);
    fail("The bundle could not be built.", "Look at the message above; `npm run check` says more about a type error.");
  }
  writeFileSync(bundleStamp, wanted);
  say(`Built dist/ in ${secondsSince(started)} s.`);
}

/** Contents, not times: a checkout or a copy changes times without changing what is built. */
function hashOfSources() {
  const digest = createHash("sha256");
  for (const file of bundledRoots.flatMap((path) => filesUnder(path))) {
    digest
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  }
  return digest.digest("hex");
}

function filesUnder(path) {
  const stats = lstatSync(join(root, path), { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [path];
  const names = readdirSync(join(root, path)).sort();
  return names.flatMap((name) => filesUnder(`${path}/${name}`));
}

function readText(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function linkTarget(link) {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(link) : undefined;
}

function hash(text) {
  return createHash("sha256").update(text).digest("hex");
}

function secondsSince(started) {
  return ((Date.now() - started) / 1000).toFixed(1);
}

function say(text) {
  if (!quiet) process.stderr.write(`${text}\n`);
}

function fail(what, fix) {
  process.stderr.write(`error: ${what}\nfix: ${fix}\n`);
  process.exit(1);
}
