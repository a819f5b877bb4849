/** The command line as its users meet it: help, exit codes, errors, and the commands that need no run. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { CliContext } from "../../../daemon/cli/context.ts";
import { runCommandLine } from "../../../daemon/cli/program.ts";
import { installedProviders } from "../../../daemon/engine/runtime/providers.ts";
import { recordedContext } from "../../support/recorded-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const packageFolder = fileURLToPath(new URL("../../..", import.meta.url));
const commands = [
  "init",
  "plan",
  "generate",
  "train",
  "sample",
  "replay",
  "sheet",
  "export",
  "models",
  "doctor",
  "evaluate",
];

describe("help", () => {
  it("lists every command", async () => {
    const { code, stdout } = await loft(["--help"]);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    expect(stdout).toContain("--json");
  });

  it.each(commands)("of %s has examples of itself and the global options", async (command) => {
    const { code, stdout, stderr } = await loft([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout.split("Examples:")[1]).toContain(`  loft ${command}`);
    expect(stdout).toContain("--json");
    expect(stderr).toBe("");
  });

  it("prints the version of package.json", async () => {
    const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
    expect(await loft(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("is shown as a usage error when no command is given", async () => {
    const { code, stdout, stderr } = await loft([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: loft");
  });
});

describe("a mistake in the command line", () => {
  it.each<[string, readonly string[], RegExp]>([
    ["an unknown command", ["genrate", "x.json"], /Unknown command 'genrate'\.\nfix: Did you mean generate\?/],
    [
      "an unknown option",
      ["plan", "x.json", "--resolvd"],
      /Unknown option '--resolvd'\.\nfix: Did you mean --resolved\?/,
    ],
    ["a missing argument", ["generate"], /Missing required argument 'config'/],
    ["one argument too many", ["generate", "a.json", "b.json"], /Too many arguments/],
    ["an unknown device", ["generate", "a.json", "--device", "tpu"], /Allowed choices are auto, cpu/],
    ["a count that is no number", ["sheet", "run", "--images-per-class", "many"], /whole number of at least 1/],
    ["a count of zero", ["sheet", "run", "--images-per-class", "0"], /whole number of at least 1/],
    ["an export without a format", ["export", "run", "--output", "out"], /--format <format>' not specified/],
    ["an export without a folder", ["export", "run", "--format", "csv"], /--output <folder>' not specified/],
    [
      "an unknown format",
      ["export", "run", "--format", "zip", "--output", "out"],
      /Allowed choices are adapters-kohya/,
    ],
    ["an option without its value", ["init", "photos", "--output"], /argument missing/],
  ])("%s exits with 2 and says what to do", async (_, args, text) => {
    const { code, stdout, stderr } = await loft(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error\[usage-invalid\]: .+\nfix: .+\n$/);
    expect(stderr).toMatch(text);
  });

  it("is one more line of JSON where JSON is asked for", async () => {
    const { code, stdout } = await loft(["--json", "genrate"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ type: "error", code: "usage-invalid" });
  });
});

describe("models", () => {
  it("lists the bundled models, every file verified", async () => {
    const { code, stdout } = await loft(["models", "--json"]);
    expect(code).toBe(0);
    const { models } = JSON.parse(stdout);
    expect(models.map((model: { id: string }) => model.id)).toEqual(["loft-mini", "loft-mini-clip"]);
    expect(models).toEqual(models.map((model: object) => ({ ...model, verified: true, problems: [] })));
  });

  it("prints the entry of a folder", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "config.json"), "{}");
    const { stdout } = await loft(["models", "--hash", folder]);
    const sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    expect(JSON.parse(stdout)).toMatchObject({ kind: "clip", files: [{ path: "config.json", bytes: 2, sha256 }] });
  });

  it("fails for a folder that is not there", async () => {
    const { code, stderr } = await loft(["models", "--hash", "nowhere"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error\[model-missing\]/);
  });
});

describe("doctor", () => {
  it("finds this installation healthy", async () => {
    const { code, stdout } = await loft(["doctor", "--json"]);
    const { healthy, checks } = JSON.parse(stdout);
    expect(checks.filter((check: { fix?: string }) => check.fix !== undefined)).toEqual([]);
    expect({ code, healthy }).toEqual({ code: 0, healthy: true });
    const names = checks.map((check: { name: string }) => check.name);
    expect(names).toEqual(expect.arrayContaining(["loft", "node", "memory", "providers", "sharp", "model loft-mini"]));
    const { value } = checks.find((check: { name: string }) => check.name === "providers");
    expect(value.split(", ")).toEqual(installedProviders());
    expect(names.includes("cuda")).toBe(process.platform === "linux" && process.arch === "x64");
  });

  it("exits with 1 and says what to do when the models are gone", async () => {
    const { code, stdout } = await loft(["doctor"], { packageFolder: await temporaryFolder() });
    expect(code).toBe(1);
    expect(stdout).toMatch(/BAD models .*\n +fix: /);
  });
});

describe("init", () => {
  const photos = join(packageFolder, "examples", "quick-start", "train");

  it("writes a configuration with relative paths and says what comes next", async () => {
    const workingFolder = await temporaryFolder();
    const { code, stdout } = await loft(["init", photos, "--name", "Icons", "--output", "new.loft.json"], {
      workingFolder,
    });
    expect(code).toBe(0);
    expect(stdout).toContain("wrote new.loft.json: 6 classes, 48 photos");
    expect(stdout).toContain("next: loft plan new.loft.json");
    const config = JSON.parse(await readFile(join(workingFolder, "new.loft.json"), "utf8"));
    expect(config.name).toBe("Icons");
    expect(join(workingFolder, config.data.folder)).toBe(photos);
    expect(join(workingFolder, config.$schema)).toBe(join(packageFolder, "schemas", "loft.schema.json"));
  });

  it("names the file after the folder and never replaces one unasked", async () => {
    const workingFolder = await temporaryFolder();
    const file = join(workingFolder, "train.loft.json");
    await writeFile(file, "mine");
    const refused = await loft(["init", `${photos}/`], { workingFolder });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--force");
    expect(await readFile(file, "utf8")).toBe("mine");
    expect((await loft(["init", `${photos}/`, "--force"], { workingFolder })).code).toBe(0);
    expect(JSON.parse(await readFile(file, "utf8")).name).toBe("train");
  });

  it.each([".", "cat/.."])("puts the runs beside the photos when called inside of them: init %s", async (folder) => {
    const workingFolder = join(await temporaryFolder(), "my photos");
    await cp(join(photos, "cat"), join(workingFolder, "cat"), { recursive: true });
    expect((await loft(["init", folder], { workingFolder })).code).toBe(0);
    const config = JSON.parse(await readFile(join(workingFolder, "my photos.loft.json"), "utf8"));
    expect(config).toMatchObject({ data: { folder: "." }, output: { folder: "../runs/my photos" } });
    expect((await loft(["plan", "my photos.loft.json", "--resolved"], { workingFolder })).code).toBe(0);
  });

  it.each([
    ["a folder that is not there", "nowhere", "data-folder-missing"],
    ["a folder without photos", ".", "data-folder-empty"],
  ])("exits with 2 for %s", async (_, folder, errorCode) => {
    const workingFolder = await temporaryFolder();
    const { code, stderr } = await loft(["init", folder], { workingFolder });
    expect(code).toBe(2);
    expect(stderr).toContain(`error[${errorCode}]`);
  });
});

/** Run `loft` in this process and keep what it prints. */
async function loft(args: readonly string[], changes: Partial<CliContext> = {}) {
  const { context, printed } = recordedContext({ workingFolder: packageFolder, packageFolder, ...changes });
  const code = await runCommandLine(args, context);
  return { code, ...printed() };
}
