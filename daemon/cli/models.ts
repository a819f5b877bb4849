/** `loft models`: which base models are here or can be had, what they may be used for, and whether their files are right. */
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import {
  describeModelFiles,
  type ModelProblem,
  type RegisteredFile,
  type RegisteredModel,
  readModelRegistry,
  unregisteredModels,
  verifyFiles,
  verifyModel,
} from "../checkpoint/model-registry.ts";
import type { Variant } from "../hub/choose-files.ts";
import { modelStoreFolder } from "../hub/hub-settings.ts";
import { type KnownDownload, readKnownDownloads } from "../hub/known-downloads.ts";
import { readStore, type StoredModel } from "../hub/model-store.ts";
import { addExamples, given, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";
import { problemText } from "./doctor.ts";
import { sizeText } from "./show-download.ts";

type AddOptions = {
  readonly name?: string;
  readonly revision?: string;
  readonly variant?: Variant;
  readonly offline?: boolean;
};

export function addModelsCommand(program: Command, context: CliContext): void {
  const command = program
    .command("models")
    .summary("list, download and verify base models")
    .description("List the base models that are here or can be downloaded, with size and license, and verify them.")
    .option("--verify", "read every file of added models too, not only of the bundled ones")
    .option("--hash <folder>", "print a registry entry with the hashes of the files in a folder, and do nothing else")
    .action(async ({ hash, verify }: { hash?: string; verify?: boolean }) => {
      const depth = verify === true ? "content" : "size";
      const result = hash === undefined ? await listModels(context, depth) : await registryEntry(context, hash);
      printResult(result, context, wantsJson(command));
    });
  addExamples(command, [
    ["loft models", "what is here and what can be downloaded"],
    ["loft models add stable-diffusion-v1-5", "download a model; run it again to go on after an interruption"],
    ["loft models --hash models/loft-mini", "the entry for models/registry.json after a change of the files"],
  ]);
  addAddCommand(command, context);
  addRemoveCommand(command, context);
}

function addAddCommand(models: Command, context: CliContext): void {
  const command = models
    .command("add")
    .argument("<model>", "a name that `loft models` lists, OWNER/NAME on the Hugging Face Hub, or a folder")
    .summary("download a model, or use a folder as one")
    .description("Download a model, every file checked before it is used, or make a folder known by a name.")
    .option("--revision <name>", "a branch, a tag or a commit, instead of the recorded one or the main branch")
    .addOption(
      new Option("--variant <name>", "half-precision or full weights (default: fp16 where there is one)").choices([
        "fp16",
        "full",
      ]),
    )
    .option("--name <name>", "a name for a folder; the folder's own unless said")
    .option("--offline", "download nothing: use what is here or in Hugging Face's cache")
    .action(async (model: string, { offline, ...options }: AddOptions) => {
      const { addModelAction } = await import("./models-add-action.ts");
      const asJson = wantsJson(command);
      const result = await addModelAction({ model, offline: offline === true, ...given(options) }, context, asJson);
      printResult(result, context, asJson);
    });
  addExamples(command, [
    ["loft models add stable-diffusion-v1-5", "the first of its sources that works"],
    ["loft models add stable-diffusion-2-1-base --variant full", "single-precision weights"],
    ["loft models add my/model --revision v2", "any Stable Diffusion 1.x or 2.x model in diffusers layout on the Hub"],
    ["loft models add ~/models/mine --name mine", "a folder, which stays where it is"],
  ]);
}

function addRemoveCommand(models: Command, context: CliContext): void {
  const command = models
    .command("remove")
    .argument("<model>", "the name of an added or downloaded model")
    .summary("delete a downloaded model, or forget an added folder")
    .description("Delete a downloaded model, finished or not. Of an added folder only the name is forgotten.")
    .action(async (model: string) => {
      const { removeModelAction } = await import("./models-add-action.ts");
      printResult(await removeModelAction(model, context), context, wantsJson(command));
    });
  addExamples(command, [["loft models remove stable-diffusion-v1-5", "its files are deleted"]]);
}

/** A model and its state on this disk. */
type State = { readonly bytes: number; readonly verified: boolean; readonly problems: readonly ModelProblem[] };
type ListedModel = Omit<RegisteredModel, "files"> & State;
type ListedStored = Omit<StoredModel, "files"> & State;

async function listModels(context: CliContext, depth: "size" | "content") {
  const modelsFolder = join(context.packageFolder, "models");
  const registry = await readModelRegistry(modelsFolder);
  const models: ListedModel[] = [];
  for (const { files, ...model } of registry) {
    const problems = await verifyModel(modelsFolder, { ...model, files });
    models.push({ ...model, bytes: bytesOf(files), verified: problems.length === 0, problems });
  }
  const others = await unregisteredModels(modelsFolder, registry);
  const storeFolder = modelStoreFolder(context.environment, homedir());
  const { models: stored, unfinished, damaged } = await readStore(storeFolder);
  const added: ListedStored[] = [];
  for (const { files, ...model } of stored) {
    const problems = await verifyFiles(model.folder, files, depth);
    added.push({ ...model, bytes: bytesOf(files), verified: depth === "content" && problems.length === 0, problems });
  }
  const downloads = (await readKnownDownloads(modelsFolder))
    .filter(({ id }) => !stored.some((model) => model.id === id))
    .map(({ files: _, ...model }) => ({ ...model, unfinished: unfinished.includes(model.id) }));
  const texts = [
    ...models.map(bundledText),
    ...others.map((name) => `${name}  a folder of your own, not in models/registry.json`),
    ...added.map((model) => addedText(model, depth)),
    ...downloads.map(downloadText),
    ...unfinished.filter((id) => !downloads.some((model) => model.id === id)).map(unfinishedText),
    ...damaged.map((name) => `${name}  DAMAGED RECORD: \`loft models remove ${name}\`, then add it again`),
  ];
  return { text: texts.join("\n\n"), json: { models, others, storeFolder, added, downloads, unfinished, damaged } };
}

function bytesOf(files: readonly RegisteredFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

function bundledText(model: ListedModel): string {
  const size = `${(model.bytes / 1e6).toFixed(1)} MB`;
  const lines = [`${model.id}  ${size}, ${model.license}, ${stateText(model, "verified")}`, `  ${model.title}`];
  return [...lines, `  from ${model.source}`].join("\n");
}

function addedText(model: ListedStored, depth: "size" | "content"): string {
  const day = model.addedAt.slice(0, 10);
  const state = stateText(model, depth === "content" ? "verified" : `verified ${day}, sizes right today`);
  const { origin } = model;
  const from = origin.kind === "folder" ? "added as a folder" : `from ${origin.repository} at ${origin.revision}`;
  return `${model.id}  ${sizeText(model.bytes)}, ${model.license}, ${state}\n  ${from}\n  in ${model.folder}`;
}

function downloadText(model: Omit<KnownDownload, "files"> & { readonly unfinished: boolean }): string {
  const { id, approximateBytes: bytes } = model;
  const state = model.unfinished ? "download not finished" : "not downloaded";
  const size = `about ${(bytes.fp16 / 1e9).toFixed(1)} GB (full: ${(bytes.full / 1e9).toFixed(1)} GB)`;
  return [
    `${id}  ${size}, ${model.license}, ${state}: loft models add ${id}`,
    `  ${model.title}`,
    `  from ${model.source}`,
    `  license: ${model.licenseTitle}`,
  ].join("\n");
}

function unfinishedText(id: string): string {
  return `${id}  download not finished: loft models add ${id}`;
}

function stateText({ problems }: State, good: string): string {
  if (problems.length === 0) return good;
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
