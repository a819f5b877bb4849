/**
 * Makes the bundles in dist/:
 *   cli.js, daemon.js, worker.js   ES modules for Node 20 that share chunks, so that `loft --help` loads no runtime
 *   extension.cjs, connection.cjs  what the editor loads at activation, and the language client, loaded on first need
 *   results.cjs                    the results editor, loaded with the first results
 *   webviews/                      the pages of the extension, with their style sheets and the icon font
 * Native packages stay outside.
 *
 *   node esbuild.mjs [--watch]
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));

/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: root,
  outdir: "dist",
  bundle: true,
  mainFields: ["module", "main"],
  sourcemap: true,
  logLevel: "warning",
  metafile: true,
};

/** @type {import("esbuild").BuildOptions} */
const daemon = {
  ...common,
  entryPoints: { cli: "daemon/cli.ts", daemon: "daemon/main.ts", worker: "daemon/jobs/worker.ts" },
  chunkNames: "chunks/[name]-[hash]",
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.9",
  external: ["onnxruntime-node", "sharp"],
  // Bundled CommonJS packages still ask for Node's own modules through `require`.
  banner: {
    js: 'import { createRequire as loftCreateRequire } from "node:module"; const require = loftCreateRequire(import.meta.url);',
  },
};

/** @type {import("esbuild").BuildOptions} */
const extension = {
  ...common,
  entryPoints: {
    extension: "extension/extension.ts",
    connection: "extension/connection.ts",
    results: "extension/results/results-editor.ts",
  },
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  platform: "node",
  target: "node20.9",
  minify: true,
  external: ["vscode"],
  // The extension host loads CommonJS.
  supported: { "dynamic-import": false },
  plugins: [
    loadLater({ "./connection.ts": "./connection.cjs", "./results/results-editor.ts": "./results.cjs" }),
    leaveOutFeatures(),
    clientOfSocketsOnly(),
  ],
};

/** @type {import("esbuild").BuildOptions} */
const webviews = {
  ...common,
  entryPoints: { samples: "webviews/samples/main.ts", results: "webviews/results/main.ts" },
  outdir: "dist/webviews",
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  loader: { ".ttf": "file", ".svg": "dataurl" },
  assetNames: "[name]",
  tsconfig: "webviews/tsconfig.json",
};

const all = [daemon, extension, webviews].map(withExistingEntries);
if (process.argv.includes("--watch")) {
  copyIcons();
  for (const options of all) {
    const watcher = await context({ ...options, logLevel: "info" });
    await watcher.watch();
  }
} else {
  const results = await Promise.all(all.map((options) => build(options)));
  const metafiles = results.map(({ metafile }) => metafile);
  copyIcons();
  removeOldChunks(Object.keys(metafiles[0].outputs));
  // What package.mjs packs, and whose licenses come with it.
  writeFileSync(join(root, "dist", "metafiles.json"), JSON.stringify(metafiles));
}

/** Import files as bundles of their own that lie beside the importer, instead of making them part of the importer. */
function loadLater(bundles) {
  return {
    name: "load-later",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\./ }, ({ path: wanted, kind }) =>
        kind === "dynamic-import" && bundles[wanted] !== undefined
          ? { path: bundles[wanted], external: true }
          : undefined,
      ),
  };
}

/**
 * The language client brings every feature of the protocol; our server has no use for some. They stand in the bundle as
 * features that do nothing: more than a third of what is loaded with the first configuration would never run.
 */
function leaveOutFeatures() {
  const features = [
    ...["callHierarchy", "colorProvider", "declaration", "diagnostic", "documentHighlight", "executeCommand"],
    ...["fileOperations", "implementation", "inlineCompletion", "inlineValue", "linkedEditingRange", "moniker"],
    ...["notebook", "reference", "semanticTokens", "signatureHelp", "textDocumentContent", "typeDefinition"],
    ...["typeHierarchy", "workspaceFolder", "workspaceSymbol", "configuration", "fileSystemWatcher", "progress"],
    ...["progressPart", "protocolCallHierarchyItem", "protocolTypeHierarchyItem", "protocolWorkspaceSymbol"],
  ];
  const slash = "[\\\\/]";
  const names = `(protocol\\.)?(${features.join("|")})\\.js$`;
  const filter = new RegExp(`vscode-language(client|server-protocol)${slash}lib${slash}common${slash}${names}`);
  const absent = `
    class Absent { fillClientCapabilities() {} initialize() {} getState() { return { kind: "static" }; } clear() {} }
    module.exports = new Proxy({}, { get: () => Absent });`;
  return {
    name: "leave-out-features",
    setup: ({ onResolve, onLoad }) => {
      onLoad({ filter }, () => ({ contents: 'module.exports = require("absent-feature");' }));
      onResolve({ filter: /^absent-feature$/ }, ({ path }) => ({ path, namespace: "absent-feature" }));
      onLoad({ filter: /./, namespace: "absent-feature" }, () => ({ contents: absent }));
    },
  };
}

/** Of `ws` and of JSON-RPC for Node only what our client of a socket needs: no server, no compression, no pipes. */
function clientOfSocketsOnly() {
  const parts = {
    ws: 'exports.WebSocket = require("./lib/websocket.js");',
    "vscode-jsonrpc/node": 'require("./lib/node/ril.js").default.install();',
  };
  return {
    name: "client-of-sockets-only",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^(ws|vscode-jsonrpc\/node)$/ }, ({ path }) => ({ path, namespace: "client-part" }));
      onLoad({ filter: /[\\/]ws[\\/]lib[\\/]permessage-deflate\.js$/ }, () => ({
        contents: 'exports.extensionName = "permessage-deflate";',
      }));
      onLoad({ filter: /./, namespace: "client-part" }, ({ path }) => ({
        contents: parts[path],
        resolveDir: join(root, "node_modules", path.split("/")[0]),
      }));
    },
  };
}

function withExistingEntries(options) {
  const entries = Object.entries(options.entryPoints).filter(([, path]) => existsSync(join(root, path)));
  return { ...options, entryPoints: Object.fromEntries(entries) };
}

/** The icons of the editor, for the buttons of the pages. */
function copyIcons() {
  const target = join(root, "dist", "webviews");
  mkdirSync(target, { recursive: true });
  for (const name of ["codicon.css", "codicon.ttf"]) {
    copyFileSync(join(root, "node_modules", "@vscode", "codicons", "dist", name), join(target, name));
  }
}

/** Chunks of earlier builds go after an hour: a `loft` that is running may still load one of them. */
function removeOldChunks(outputs) {
  const folder = join(root, "dist", "chunks");
  const current = new Set(outputs.map((output) => join(root, output)));
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!current.has(file) && statSync(file).mtimeMs < Date.now() - 3_600_000) rmSync(file, { force: true });
  }
}
