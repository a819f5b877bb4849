/** What the documents promise is there: commands, scripts, links, and lock file rules that set-up depends on. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packageJson = JSON.parse(read("package.json"));
const documents = readdirSync(root).filter((name) => name.endsWith(".md"));

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

describe.skipIf(documents.length === 0).each(documents)("%s", (name) => {
  const text = read(name);

  it("links only to files that are there", () => {
    const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] as string);
    expect(targets.filter((target) => !existsSync(join(root, decodeURIComponent(target))))).toEqual([]);
  });

  it("names only scripts that exist", () => {
    const named = [...text.matchAll(/\bnpm (?:run )?(start|test|check|[a-z]+:[a-z]+)\b|\bnpm run ([a-z:]+)/g)];
    const scripts = named.map((match) => match[1] ?? match[2]);
    expect(scripts.filter((script) => packageJson.scripts[script as string] === undefined)).toEqual([]);
  });

  it("names only commands of loft that exist", () => {
    const commands = new Set(readdirSync(join(root, "daemon", "cli")).map((file) => file.replace(/\.ts$/, "")));
    const named = [...text.matchAll(/\b(?:npx )loft ([a-z]+)/g)].map((match) => match[1] as string);
    expect(named.filter((command) => !commands.has(command))).toEqual([]);
  });
});

describe.skipIf(!documents.includes("README.md"))("README.md", () => {
  it("shows the two commands of a fresh clone", () => {
    expect(read("README.md")).toContain("npm start");
    expect(read("README.md")).toContain("npm test");
  });
});

function read(name: string): string {
  return readFileSync(join(root, name), "utf8");
}
