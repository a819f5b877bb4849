/** What the documents promise is there: commands, scripts, links, and lock file rules that set-up depends on. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packageJson = JSON.parse(read("package.json"));
const documents = ["", "docs", "examples", "models"].flatMap(documentsIn).sort();

describe("package.json", () => {
  it("has the scripts that the documents and the continuous integration name", () => {
    const wanted = ["start", "test", "check", "bench", "generate", "fix", "build", "watch", "package"];
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(wanted));
    for (const script of ["start", "test"]) expect(packageJson.scripts[script]).toMatch(/^node setup\.mjs && /);
  });

  it("names a command file that exists", () => {
    expect(existsSync(join(root, packageJson.bin.loft))).toBe(true);
  });

  it("pins every dependency exactly", () => {
    const versions = Object.entries<string>({ ...packageJson.dependencies, ...packageJson.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

describe("package-lock.json", () => {
  const lock = JSON.parse(read("package-lock.json"));
  /** The linter's programs for other platforms, written by hand: development only, never installed on this one. */
  const otherPlatforms = /@biomejs\/cli-(android-|darwin-|win32-|linux-\w+-musl$)/;
  const packages = Object.entries<Record<string, unknown>>(lock.packages).filter(([path]) => path !== "");

  it("names no registry, so that it installs from any mirror", () => {
    expect(packages.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it("holds a checksum of every package that this project's machines can fetch", () => {
    const bare = packages.filter(([, entry]) => entry.integrity === undefined).map(([path]) => path);
    expect(bare.filter((path) => !otherPlatforms.test(path))).toEqual([]);
  });

  // npm leaves out what it cannot fetch while it writes the file, and `npm ci` then refuses the whole file.
  it("lists the optional packages of every platform", () => {
    const missing = packages.flatMap(([path, entry]) => {
      const names = Object.keys((entry.optionalDependencies as object | undefined) ?? {});
      const places = (name: string) => [`${path}/node_modules/${name}`, `node_modules/${name}`];
      return names.filter((name) => places(name).every((place) => lock.packages[place] === undefined));
    });
    expect(missing).toEqual([]);
  });

  it("agrees with package.json", () => {
    const { dependencies, devDependencies } = lock.packages[""];
    expect({ dependencies, devDependencies }).toEqual({
      dependencies: packageJson.dependencies,
      devDependencies: packageJson.devDependencies,
    });
  });
});

it("finds the documents", () => {
  expect(documents).toEqual(expect.arrayContaining(["README.md", "ARCHITECTURE.md", "models/README.md"]));
});

describe.each(documents)("%s", (name) => {
  const text = read(name);

  it("links only to files that are there", () => {
    const links = text.matchAll(/(?:\]\(|\bsrc=")(?!https?:|#|mailto:)([^)"#\s]+)/g);
    const targets = [...links].map((match) => join(dirname(name), decodeURIComponent(match[1] as string)));
    expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });

  it("links only to headings that are there", () => {
    const anchors = [...text.matchAll(/\]\(#([^)\s]+)\)/g)].map((match) => match[1] as string);
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] as string));
    expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });

  it("names only files and folders that are there", () => {
    const named = [...text.matchAll(/`((?:daemon|schemas|test|models|examples|docs)\/[\w./-]*)`/g)];
    const paths = named.map((match) => match[1] as string).filter((path) => !path.includes("/NAME"));
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("knows no folder of one machine", () => {
    expect(text.match(/(?:^|[\s"'`(])\/(?:work|home|root|Users|mnt)\/\S*/g)).toBeNull();
  });

  it("names only scripts that exist", () => {
    const named = [...text.matchAll(/\bnpm (?:run )?(start|test|check|[a-z]+:[a-z]+)\b|\bnpm run ([a-z:]+)/g)];
    const scripts = named.map((match) => match[1] ?? match[2]);
    expect(scripts.filter((script) => packageJson.scripts[script as string] === undefined)).toEqual([]);
  });

  it("names only commands of loft that exist", () => {
    const commands = new Set(readdirSync(join(root, "daemon", "cli")).map((file) => file.replace(/\.ts$/, "")));
    const named = [...text.matchAll(/(?:\bnpx |`)loft ([a-z]+)/g)].map((match) => match[1] as string);
    expect(named.filter((command) => !commands.has(command))).toEqual([]);
  });
});

describe("README.md", () => {
  it("shows the two commands of a fresh clone", () => {
    expect(read("README.md")).toContain("npm start");
    expect(read("README.md")).toContain("npm test");
  });
});

/** The markdown files of a folder; below the root's own all that are not in a run folder. */
function documentsIn(folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: folder !== "", withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !path.split("/").includes("runs"));
}

/** The anchor that a heading gets on code hosts: lower case, spaces to hyphens, no other punctuation. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function read(name: string): string {
  return readFileSync(join(root, name), "utf8");
}
