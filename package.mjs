/**
 * Makes the extension for this platform: dist/loft-VERSION-TARGET.vsix, with the daemon, the bundled models and only this
 * platform's native libraries. What goes in is copied to dist/vsix/ first and packed from there, so that nothing
 * comes along by accident. Prints sizes.
 *
 *   node package.mjs
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { thirdPartyNotices } from "./third-party-notices.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const stage = join(root, "dist", "vsix");
const target = `${process.platform}-${process.arch}`;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const archive = join(root, "dist", `loft-${manifest.version}-${target}.vsix`);

/** Packages that stay outside of the bundles, and what of them a run needs. */
const nativePackages = {
  "onnxruntime-node": ["package.json", "dist", "README.md", `bin/napi-v6/${process.platform}/${process.arch}`],
  "onnxruntime-common": ["package.json", "dist/cjs", "README.md"],
  sharp: ["package.json", "lib", "dist", "LICENSE"],
  [`@img/sharp-${target}`]: ["."],
  [`@img/sharp-libvips-${target}`]: ["."],
  "@img/colour": ["."],
  "detect-libc": ["package.json", "lib", "LICENSE"],
  semver: ["."],
};

rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
copyFiles();
copyBundles();
for (const [name, paths] of Object.entries(nativePackages)) copyPackage(name, paths);
writeManifest();
writeNotices();
pack();
printSizes();

function copyFiles() {
  for (const path of ["README.md", "CHANGELOG.md", "LICENSE", "package.nls.json", "models", "daemon/loft.mjs"])
    copy(path);
  for (const path of ["loft.schema.json", "loft-results.schema.json"]) copy(`schemas/${path}`);
  for (const path of ["extension/media", "extension/language"]) copy(path);
}

/** The outputs of the last build and no older ones; without source maps. */
function copyBundles() {
  const outputs = metafiles().flatMap(({ outputs }) => Object.keys(outputs));
  for (const path of outputs.filter((output) => !output.endsWith(".map"))) copy(path);
  for (const path of ["dist/webviews/codicon.css", "dist/webviews/codicon.ttf"]) copy(path);
}

/** Beside the bundles, where Node looks first. */
function copyPackage(name, paths) {
  const from = join(root, "node_modules", name);
  const to = join(stage, "dist", "node_modules", name);
  for (const path of paths) {
    if (existsSync(join(from, path))) cpSync(join(from, path), join(to, path), { recursive: true, dereference: true });
    else if (path === "package.json" || path === ".") fail(`node_modules/${name}/${path} is missing; run npm install.`);
  }
}

function copy(path) {
  cpSync(join(root, path), join(stage, path), { recursive: true });
}

/** Everything is in the archive: it depends on nothing and has nothing to run. */
function writeManifest() {
  const { devDependencies: _dev, dependencies: _dependencies, scripts: _scripts, bin: _bin, ...kept } = manifest;
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(kept, undefined, 2)}\n`);
}

function writeNotices() {
  const further = [...Object.keys(nativePackages), "@vscode/codicons"];
  writeFileSync(join(stage, "THIRD-PARTY-NOTICES.txt"), thirdPartyNotices(metafiles(), root, further));
}

function pack() {
  const vsce = join(root, "node_modules", "@vscode", "vsce", "vsce");
  const args = ["package", "--target", target, "--no-dependencies", "--allow-missing-repository"];
  const result = spawnSync(process.execPath, [vsce, ...args, "--no-rewrite-relative-links", "--out", archive], {
    cwd: stage,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (result.status !== 0) fail(`vsce could not pack the extension.\n${result.stdout}${result.stderr}`);
}

function printSizes() {
  const parts = [
    ["extension, at activation", "dist/extension.cjs"],
    ["extension, with the first connection", "dist/connection.cjs"],
    ["pages", "dist/webviews"],
    ["models", "models"],
    ["ONNX Runtime", "dist/node_modules/onnxruntime-node"],
    ["sharp and libvips", "dist/node_modules/@img"],
    ["everything, unpacked", "."],
  ];
  for (const [name, path] of parts) say(`${name.padEnd(38)}${megabytes(sizeOf(join(stage, path)))}`);
  say(`${`dist/${archive.split(/[\\/]/).at(-1)}`.padEnd(38)}${megabytes(statSync(archive).size)}`);
}

function sizeOf(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function megabytes(bytes) {
  const text = bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return text.padStart(10);
}

function metafiles() {
  return JSON.parse(readFileSync(join(root, "dist", "metafiles.json"), "utf8"));
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function fail(text) {
  process.stderr.write(`error: ${text}\n`);
  process.exit(1);
}
