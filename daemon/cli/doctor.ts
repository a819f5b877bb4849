/** `loft doctor`: whether everything that LoFT needs is here and works, and what to do where it does not. */
import { availableParallelism, cpus, freemem, release, totalmem } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { loftVersion } from "../base/version.ts";
import { type ModelProblem, readModelRegistry, verifyModel } from "../checkpoint/model-registry.ts";
import { addExamples, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { cudaCheck, webgpuCheck } from "./graphics-checks.ts";
import { readGraphicsFacts } from "./graphics-facts.ts";

/** One thing that was looked at: `fix` when it is not as it should be, `add` when it works without something useful. */
export type Check = { readonly name: string; readonly value: string; readonly fix?: string; readonly add?: string };

export function addDoctorCommand(program: Command, context: CliContext, setExitCode: (code: number) => void): void {
  const command = program
    .command("doctor")
    .summary("check the installation: versions, providers, memory, models")
    .description("Check that everything LoFT needs is here and works; exit code 1 when something is not.")
    .action(async () => {
      const checks = await examine(join(context.packageFolder, "models"));
      const healthy = checks.every((check) => check.fix === undefined);
      const text = wantsJson(command) ? JSON.stringify({ healthy, checks }) : checksText(checks);
      context.stdout(`${text}\n`);
      setExitCode(healthy ? exitCodes.ok : exitCodes.failed);
    });
  addExamples(command, [
    ["loft doctor", "look everything over"],
    ["loft doctor --json", "the same for a bug report or another program"],
  ]);
}

async function examine(modelsFolder: string): Promise<readonly Check[]> {
  return [
    { name: "loft", value: loftVersion },
    { name: "node", value: process.versions.node },
    { name: "platform", value: `${process.platform} ${process.arch}, ${release()}` },
    { name: "cpu", value: `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? "unknown kind"}` },
    { name: "memory", value: memoryText() },
    ...(await checkRuntime()),
    await checkSharp(),
    ...(await checkModels(modelsFolder)),
  ];
}

/** A container may allow less than the machine has. */
function memoryText(): string {
  const limit = process.constrainedMemory();
  const total = 0 < limit ? Math.min(limit, totalmem()) : totalmem();
  return `${gigabytes(freemem())} free of ${gigabytes(total)}`;
}

async function checkRuntime(): Promise<readonly Check[]> {
  try {
    const { env } = await import("onnxruntime-node");
    const { installedProviders, cudaInstallCommand } = await import("../engine/runtime/providers.ts");
    const installed = installedProviders();
    return [
      { name: "onnxruntime-node", value: env.versions.node ?? "unknown version" },
      { name: "providers", value: installed.join(", ") },
      ...graphicsChecks(installed, cudaInstallCommand),
    ];
  } catch (error) {
    const fix =
      "onnxruntime-node has no build for this platform, or its files are incomplete: delete node_modules and run `node setup.mjs`.";
    return [{ name: "onnxruntime-node", value: `does not load: ${messageOf(error)}`, fix }];
  }
}

/** Elsewhere than on Linux a card's driver comes with all that is needed. CUDA's libraries exist for x64 alone. */
function graphicsChecks(installed: readonly string[], command: string): readonly Check[] {
  if (process.platform !== "linux") return [];
  const facts = readGraphicsFacts();
  const cuda = process.arch === "x64" ? [cudaCheck(facts, { isAdded: installed.includes("cuda"), command })] : [];
  return [...cuda, ...(installed.includes("webgpu") ? [webgpuCheck(facts)] : [])];
}

async function checkSharp(): Promise<Check> {
  try {
    const { default: sharp } = await import("sharp");
    return { name: "sharp", value: `${sharp.versions.sharp}, libvips ${sharp.versions.vips}` };
  } catch (error) {
    const fix = "Delete node_modules and run `node setup.mjs`; installing with --no-optional leaves sharp's files out.";
    return { name: "sharp", value: `does not load: ${messageOf(error)}`, fix };
  }
}

async function checkModels(modelsFolder: string): Promise<readonly Check[]> {
  try {
    const registry = await readModelRegistry(modelsFolder);
    const checks: Check[] = [];
    for (const model of registry) checks.push(modelCheck(model.id, await verifyModel(modelsFolder, model)));
    return checks;
  } catch (error) {
    return [{ name: "models", value: messageOf(error), fix: "Get LoFT's models folder again." }];
  }
}

function modelCheck(id: string, problems: readonly ModelProblem[]): Check {
  const name = `model ${id}`;
  if (problems.length === 0) return { name, value: "every file as recorded" };
  const value = problems.map(({ path, problem }) => `${path}: ${problemText[problem]}`).join("; ");
  return { name, value, fix: `Get models/${id} again, for example with \`git checkout models\`.` };
}

/** A model's problems in words. */
export const problemText: Readonly<Record<ModelProblem["problem"], string>> = {
  missing: "missing",
  size: "not its recorded size",
  hash: "not its recorded content",
};

function checksText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map((check) => check.name.length));
  const lines = checks.flatMap(({ name, value, fix, add }) => {
    const more = (label: string, text?: string) =>
      text === undefined ? [] : [`    ${"".padEnd(width)}  ${label}: ${text}`];
    const line = `${fix === undefined ? "ok " : "BAD"} ${name.padEnd(width)}  ${value}`;
    return [line, ...more("fix", fix), ...more("add", add)];
  });
  return lines.join("\n");
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}
