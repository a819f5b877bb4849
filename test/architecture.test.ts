/**
 * The invariants of the tree as tests: who may import whom, which files touch the outside world, and how each file
 * begins. The tables are the drawing of ARCHITECTURE.md in data; change both together.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Rooms of daemon/: import from a strictly lower level or from your own room. `cli` is cli.ts, loft.mjs and cli/. */
const levels: Readonly<Record<string, number>> = {
  base: 0,
  config: 1,
  engine: 1,
  checkpoint: 2,
  data: 2,
  hub: 3,
  nn: 3,
  optim: 3,
  adapters: 4,
  diffusion: 4,
  training: 5,
  sampling: 5,
  eval: 5,
  pipeline: 6,
  jobs: 7,
  lsp: 8,
  rpc: 8,
  main: 9,
  cli: 9,
};

/** The rooms inside engine/ and what each may import besides itself. */
const engineArrows: Readonly<Record<string, readonly string[]>> = {
  graph: [],
  ops: ["graph"],
  autodiff: ["graph", "ops"],
  onnx: ["graph", "ops"],
  runtime: ["graph", "onnx"],
};

/** Rooms that may reach only some of what their level allows. Entries are path prefixes under daemon/, or schemas/. */
const narrowRooms: readonly { readonly room: string; readonly allowed: readonly string[] }[] = [
  {
    room: "daemon/lsp/",
    allowed: ["daemon/lsp/", "daemon/config/", "daemon/pipeline/", "daemon/base/", "schemas/"],
  },
  {
    room: "daemon/pipeline/methods/",
    allowed: [
      "daemon/pipeline/methods/",
      "daemon/pipeline/plan.ts",
      "daemon/pipeline/prompts.ts",
      "daemon/config/",
      "daemon/base/counted.ts",
      "daemon/base/random.ts",
      "daemon/base/errors.ts",
      "daemon/base/hash.ts",
      "schemas/",
    ],
  },
  {
    room: "daemon/diffusion/",
    allowed: [
      "daemon/diffusion/",
      "daemon/nn/",
      "daemon/engine/",
      "daemon/checkpoint/",
      "daemon/config/",
      "daemon/base/",
      "schemas/",
    ],
  },
];

/** Outside packages and modules, and the files (or folders) that alone may import them. Paths under daemon/. */
const outsideWorld: readonly { readonly module: RegExp; readonly allowed: readonly string[] }[] = [
  {
    module: /^node:(fs|fs\/promises|stream|stream\/promises|worker_threads|net|http|https)$/,
    allowed: [
      "base/atomic-file.ts",
      "base/log.ts",
      "base/process-lock.ts",
      "checkpoint/",
      "data/",
      "adapters/adapter-file.ts",
      "engine/runtime/",
      "hub/",
      "training/train-adapter.ts",
      "sampling/sample.ts",
      "eval/clip-model.ts",
      "pipeline/run-plan.ts",
      "jobs/",
      "lsp/server.ts",
      "rpc/",
      "loft.mjs",
      "cli/",
      "main.ts",
    ],
  },
  { module: /^node:child_process$/, allowed: ["jobs/", "rpc/client.ts", "main.ts"] },
  {
    module: /^node:os$/,
    allowed: ["base/log.ts", "base/process-lock.ts", "engine/runtime/", "jobs/", "rpc/", "cli/", "main.ts"],
  },
  { module: /^node:module$/, allowed: ["engine/runtime/"] },
  { module: /^onnxruntime-node$/, allowed: ["engine/runtime/", "cli/doctor.ts"] },
  { module: /^sharp$/, allowed: ["data/", "cli/doctor.ts"] },
  { module: /^commander$/, allowed: ["cli/"] },
  // Typing in the editor and the daemon's door: no other room knows who asks.
  { module: /^ws$/, allowed: ["rpc/"] },
  { module: /^vscode$/, allowed: [] },
];

/** Modules that only compute: importable everywhere. */
const pureModules = /^node:(crypto|path|url|util|buffer|zlib|events|timers\/promises|perf_hooks)$/;

type SourceFile = { readonly path: string; readonly text: string; readonly imports: readonly string[] };

const sources = ["daemon", "schemas", "extension", "webviews", "test"].flatMap(filesUnder).map(readSource);
const daemon = sources.filter(({ path }) => path.startsWith("daemon/"));

describe("import arrows", () => {
  it("finds the sources and their imports", () => {
    expect(daemon.length).toBeGreaterThan(20);
    expect(daemon.flatMap((file) => file.imports).length).toBeGreaterThan(daemon.length);
  });

  it("has a level for every room of daemon/", () => {
    const rooms = new Set(daemon.map(({ path }) => roomOf(path)));
    expect([...rooms].filter((room) => levels[room] === undefined)).toEqual([]);
  });

  it("points down the levels or stays in the room", () => {
    const wrong = internalImports(daemon).filter(({ from, to }) => {
      if (!to.startsWith("daemon/")) return false;
      const [fromRoom, toRoom] = [roomOf(from), roomOf(to)];
      return fromRoom !== toRoom && (levels[fromRoom] ?? 0) <= (levels[toRoom] ?? 0);
    });
    expect(wrong.map(arrowText)).toEqual([]);
  });

  it("keeps the order inside engine/", () => {
    const wrong = internalImports(daemon).filter(({ from, to }) => {
      const [fromRoom, toRoom] = [engineRoomOf(from), engineRoomOf(to)];
      if (fromRoom === undefined || toRoom === undefined || fromRoom === toRoom) return false;
      return !(engineArrows[fromRoom] ?? []).includes(toRoom);
    });
    expect(wrong.map(arrowText)).toEqual([]);
  });

  it.each(narrowRooms)("keeps $room to what it may know", ({ room, allowed }) => {
    const wrong = internalImports(daemon).filter(({ from, to }) => {
      return from.startsWith(room) && !allowed.some((prefix) => to.startsWith(prefix));
    });
    expect(wrong.map(arrowText)).toEqual([]);
  });

  it("leaves daemon/ only for schemas/ and package.json", () => {
    const outside = internalImports(daemon).filter(({ to }) => !/^(daemon|schemas)\/|^package\.json$/.test(to));
    expect(outside.map(arrowText)).toEqual([]);
    const fromSchemas = internalImports(sources.filter(({ path }) => path.startsWith("schemas/")));
    expect(fromSchemas.filter(({ to }) => !to.startsWith("schemas/")).map(arrowText)).toEqual([]);
  });
});

describe("processes", () => {
  const allowed = [
    { from: "extension/", to: /^(extension|schemas)\/|^webviews\/(\w+\/protocol|shared\/check)\.ts$/ },
    { from: "webviews/", to: /^(webviews|schemas)\// },
  ];

  it.each(allowed)("$from speaks with the others by messages only", ({ from, to }) => {
    const wrong = internalImports(sources).filter((arrow) => arrow.from.startsWith(from) && !to.test(arrow.to));
    expect(sources.some(({ path }) => path.startsWith(from))).toBe(true);
    expect(wrong.map(arrowText)).toEqual([]);
  });
});

describe("the outside world", () => {
  it.each(outsideWorld)("$module.source is imported only where it is listed", ({ module, allowed }) => {
    const wrong = outsideImports(daemon).filter(({ from, name }) => {
      return module.test(name) && !allowed.some((prefix) => from.startsWith(`daemon/${prefix}`));
    });
    expect(wrong.map(({ from, name }) => `${from} imports ${name}`)).toEqual([]);
  });

  it("has a rule for every module of Node that is imported", () => {
    const unknown = outsideImports(daemon).filter(({ name }) => {
      const isRuled = outsideWorld.some(({ module }) => module.test(name));
      return name.startsWith("node:") && !pureModules.test(name) && !isRuled;
    });
    expect(unknown.map(({ from, name }) => `${from} imports ${name}`)).toEqual([]);
  });

  it("imports Node's modules by their full names", () => {
    const short = outsideImports(sources).filter(({ name }) => /^(fs|path|os|crypto|url|util|zlib)(\/|$)/.test(name));
    expect(short.map(({ from, name }) => `${from} imports ${name}`)).toEqual([]);
  });

  it("imports only packages that package.json lists", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const forDaemon = new Set(Object.keys(dependencies));
    const forTests = new Set([...forDaemon, ...Object.keys(devDependencies)]);
    const unlisted = outsideImports(sources).filter(({ from, name }) => {
      const listed = from.startsWith("daemon/") ? forDaemon : forTests;
      // The editor hands its own interface to its extensions and to the tests inside of it.
      const isEditor = name === "vscode" && /^(extension|test\/e2e\/in-host)\//.test(from);
      return !isEditor && !name.startsWith("node:") && !listed.has(packageOf(name));
    });
    expect(unlisted.map(({ from, name }) => `${from} imports ${name}`)).toEqual([]);
  });
});

describe("every file", () => {
  const own = sources.filter(({ path }) => !path.includes("/generated/"));

  it("begins with a doc comment", () => {
    const bare = own.filter(({ text }) => !/^(#!.*\n)?\/\*\*[\s\S]{10,}?\*\//.test(text));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  it("has at most 500 lines", () => {
    const long = own.filter(({ text }) => 501 < text.split("\n").length);
    expect(long.map(({ path, text }) => `${path}: ${text.split("\n").length - 1}`)).toEqual([]);
  });

  it("exports by name", () => {
    const byDefault = own.filter(({ path, text }) => !path.endsWith("config.ts") && /^export default\b/m.test(text));
    expect(byDefault.map(({ path }) => path)).toEqual([]);
  });

  it("names imported files with their ending", () => {
    const bare = own.flatMap(({ path, imports }) =>
      imports
        .filter((name) => name.startsWith(".") && !/\.(ts|mjs|json|css)$/.test(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(bare).toEqual([]);
  });

  it("knows no folder of one machine and nothing beside the project", () => {
    const machine = /["'`](\/(work|home|root|Users|mnt)\/)|\.\.\/shared\//;
    // The pages have a folder of that name themselves.
    const textOf = ({ path, text }: SourceFile) =>
      path.startsWith("webviews/") ? text.replaceAll("../shared/", "") : text;
    const wrong = own.filter((file) => file.path !== "test/architecture.test.ts" && machine.test(textOf(file)));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it("is named in kebab-case", () => {
    const odd = own.filter(({ path }) => !/^[a-z0-9-]+(\.[a-z0-9]+)*$/.test(posix.basename(path)));
    expect(odd.map(({ path }) => path)).toEqual([]);
  });
});

type Arrow = { readonly from: string; readonly to: string };

function filesUnder(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !path.startsWith("test/fixtures/"))
    .sort();
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const statements = text.matchAll(/^(?:import|export)\s+(?:type\s+)?(?:[\w$*{},\s]+?\sfrom\s+)?"([^"]+)"/gm);
  const calls = text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g);
  return { path, text, imports: [...statements, ...calls].map((match) => match[1] as string) };
}

function internalImports(files: readonly SourceFile[]): readonly Arrow[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((name) => name.startsWith("."))
      .map((name) => ({ from: path, to: posix.normalize(posix.join(posix.dirname(path), name)) })),
  );
}

function outsideImports(files: readonly SourceFile[]): readonly { readonly from: string; readonly name: string }[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((name) => !name.startsWith(".")).map((name) => ({ from: path, name })),
  );
}

/** daemon/nn/linear.ts is in nn; daemon/cli.ts and daemon/loft.mjs are in cli. */
function roomOf(path: string): string {
  const [, room = ""] = path.split("/");
  return room === "loft.mjs" ? "cli" : room.replace(/\.ts$/, "");
}

function engineRoomOf(path: string): string | undefined {
  return path.startsWith("daemon/engine/") ? path.split("/")[2] : undefined;
}

function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

function arrowText({ from, to }: Arrow): string {
  return `${from} imports ${to}`;
}
