/** From the classifier that a configuration names to the CLIP model it lies in, checked against the registry. */
import { basename, join, resolve } from "node:path";
import { loftError } from "../base/errors.ts";
import { hashOf } from "../base/hash.ts";
import { hashFile } from "../checkpoint/model-hash.ts";
import { type RegisteredModel, readModelRegistry, verifyModel } from "../checkpoint/model-registry.ts";
import { isFile, isFolder } from "../checkpoint/path-kind.ts";
import { scratchClassifier } from "../config/scratch-classifier.ts";
import { closest } from "../config/suggest.ts";
import type { SessionOptions } from "../engine/runtime/session.ts";
import { type ClipModel, loadClipModel } from "../eval/clip-model.ts";

export type EvaluationClassifier = { readonly name: string; readonly sha256: string; readonly clip: ClipModel };

/**
 * Find, check and read a classifier.
 * @param name a bundled CLIP model, else a folder relative to `baseFolder`
 * @throws LoftError "model-missing", "model-hash-mismatch", "model-config-unsupported", and what reading a CLIP folder
 *   throws
 */
export async function findClassifier(
  name: string,
  { modelsFolder, baseFolder }: { readonly modelsFolder: string; readonly baseFolder: string },
  session: SessionOptions,
): Promise<EvaluationClassifier> {
  const registry = await readModelRegistry(modelsFolder);
  const registered = registry.find(({ id }) => id === name);
  if (registered !== undefined) await checkRegistered(modelsFolder, registered);
  const folder = registered === undefined ? resolve(baseFolder, name) : join(modelsFolder, registered.folder);
  if (!(await isFolder(folder))) throw unknownClassifier(name, folder, registry);
  const clip = await loadClipModel(folder, session);
  return { name: registered === undefined ? basename(folder) : name, sha256: await hashClassifier(clip), clip };
}

/** Over everything that shapes an answer: weights, config, tokenizer and processor. */
async function hashClassifier({ folder, file }: ClipModel): Promise<string> {
  const weights = new Set([...file.tensors.values()].map((tensor) => tensor.file));
  const others = ["config.json", "preprocessor_config.json", "tokenizer.json", "vocab.json", "merges.txt"];
  const hashes: Record<string, string> = {};
  for (const path of [...weights, ...others.map((name) => join(folder, name))]) {
    if (await isFile(path)) hashes[basename(path)] = await hashFile(path);
  }
  return hashOf(hashes);
}

async function checkRegistered(modelsFolder: string, model: RegisteredModel): Promise<void> {
  if (model.kind !== "clip") {
    throw loftError("model-config-unsupported", {
      what: `${model.id} is a ${model.kind} model; evaluation.classifier needs a CLIP model or ${scratchClassifier}.`,
      fix: "Name another model; `loft models` lists them.",
    });
  }
  const [problem] = await verifyModel(modelsFolder, model);
  if (problem === undefined) return;
  throw loftError(problem.problem === "missing" ? "model-missing" : "model-hash-mismatch", {
    what: `models/${model.folder}/${problem.path} is not the file that belongs to ${model.id}: ${problem.problem}.`,
    fix: "Get LoFT's models folder again, or give the path of your own CLIP folder as evaluation.classifier.",
  });
}

function unknownClassifier(name: string, folder: string, registry: readonly RegisteredModel[]) {
  const names = [scratchClassifier, ...registry.filter(({ kind }) => kind === "clip").map(({ id }) => id)];
  const meant = closest(name, names);
  return loftError("model-missing", {
    what: `There is no classifier "${name}": LoFT has none of that name, and ${folder} is no folder.`,
    fix: `${meant === undefined ? "" : `Did you mean "${meant}"? `}Give one of ${names.join(", ")}, or a CLIP folder in transformers layout.`,
  });
}
