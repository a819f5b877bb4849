/** `loft models`: which base models are here, what they may be used for, and whether their files are what they should be. */
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import {
  describeModelFiles,
  type ModelProblem,
  type RegisteredFile,
  type RegisteredModel,
  readModelRegistry,
  unregisteredModels,
  verifyModel,
} from "../checkpoint/model-registry.ts";
import { addExamples, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";
import { problemText } from "./doctor.ts";

export function addModelsCommand(program: Command, context: CliContext): void {
  const command = program
    .command("models")
    .summary("list the base models and verify their files")
    .description("List the base models in LoFT's models folder with size and license, and verify every file's hash.")
    .option("--hash <folder>", "print a registry entry with the hashes of the files in a folder, and do nothing else")
    .action(async (options: { hash?: string }) => {
      const folder = options.hash;
      const result = folder === undefined ? await listModels(context) : await registryEntry(context, folder);
      printResult(result, context, wantsJson(command));
    });
  addExamples(command, [
    ["loft models", "what is here, every file verified"],
    ["loft models --hash models/loft-mini", "the entry for models/registry.json after a change of the files"],
  ]);
}

/** A registered model and its state on this disk. */
type ListedModel = Omit<RegisteredModel, "files"> & {
  readonly bytes: number;
  readonly verified: boolean;
  readonly problems: readonly ModelProblem[];
};

async function listModels(context: CliContext) {
  const modelsFolder = join(context.packageFolder, "models");
  const registry = await readModelRegistry(modelsFolder);
  const models: ListedModel[] = [];
  for (const model of registry) models.push(listed(model, await verifyModel(modelsFolder, model)));
  const others = await unregisteredModels(modelsFolder, registry);
  return { text: listText(models, others), json: { models, others } };
}

function listed({ files, ...model }: RegisteredModel, problems: readonly ModelProblem[]): ListedModel {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { ...model, bytes, verified: problems.length === 0, problems };
}

function listText(models: readonly ListedModel[], others: readonly string[]): string {
  const known = models.map((model) => {
    const size = `${(model.bytes / 1e6).toFixed(1)} MB`;
    const lines = [`${model.id}  ${size}, ${model.license}, ${stateText(model)}`, `  ${model.title}`];
    return [...lines, `  from ${model.source}`].join("\n");
  });
  const local = others.map((name) => `${name}  a folder of your own, not in models/registry.json`);
  return [...known, ...local].join("\n\n");
}

function stateText({ verified, problems }: ListedModel): string {
  if (verified) return "verified";
  const texts = problems.map(({ path, problem }) => `${path} is ${problemText[problem]}`);
  return `NOT AS RECORDED: ${texts.join(", ")}`;
}

/** The entry as it stands in models/registry.json; texts of a known model are kept. */
async function registryEntry(context: CliContext, folder: string) {
  const path = resolve(context.workingFolder, folder);
  const name = basename(path);
  const files = await describeModelFiles(path);
  const registry = await readModelRegistry(join(context.packageFolder, "models"));
  const known = registry.find((model) => model.folder === name);
  const entry: RegisteredModel = { ...(known ?? newEntry(name, files)), files };
  return { text: JSON.stringify(entry, null, 2), json: entry };
}

function newEntry(name: string, files: readonly RegisteredFile[]): Omit<RegisteredModel, "files"> {
  const kind = files.some((file) => file.path === "model_index.json") ? "stable-diffusion" : "clip";
  return { id: name, kind, title: "", folder: name, license: "", source: "" };
}
