/** From the model a configuration names to the folder it lies in, checked against the registry or the model store. */
import { homedir } from "node:os";
import { resolve } from "node:path";
import { loftError } from "../base/errors.ts";
import { readModelFolder } from "../checkpoint/diffusers-folder.ts";
import { hashModelFolder } from "../checkpoint/model-hash.ts";
import {
  type ModelProblem,
  type RegisteredModel,
  readModelRegistry,
  verifyFiles,
  verifyModel,
} from "../checkpoint/model-registry.ts";
import { isFolder } from "../checkpoint/path-kind.ts";
import { closest } from "../config/suggest.ts";
import { checkModel } from "../diffusion/check-model.ts";
import { loadDiffusionModel } from "../diffusion/diffusion-model.ts";
import type { SessionOptions } from "../engine/runtime/session.ts";
import { isRepositoryName } from "../hub/hub-names.ts";
import { modelStoreFolder } from "../hub/hub-settings.ts";
import { type KnownDownload, readKnownDownloads } from "../hub/known-downloads.ts";
import { findStoredModel, isUnfinished, type StoredModel } from "../hub/model-store.ts";
import { insteadOfModel } from "./instead-of-model.ts";
import type { JobModel } from "./job.ts";

/** Where models are looked for. */
export type ModelPlaces = {
  /** The bundled models and registry.json. */
  readonly modelsFolder: string;
  /** Folders are relative to it. */
  readonly baseFolder: string;
  /** Added and downloaded models; the user's own store unless said. */
  readonly storeFolder?: string;
};

/** A model that was found, not read yet. */
type FoundModel = {
  readonly folder: string;
  readonly name: string;
  readonly license: string;
  /** SHA-256 that its files must have, by path; undefined for what nobody has recorded or what is checked already. */
  readonly hashes?: ReadonlyMap<string, string>;
};

/**
 * Find, check and read a model.
 * @param name a bundled model, else one of the store, else a folder relative to `baseFolder`
 * @throws LoftError "model-missing", "model-not-downloaded", "model-hash-mismatch", "model-mismatch", and what reading a
 *   model folder throws
 */
export async function findModel(name: string, places: ModelPlaces, session: SessionOptions): Promise<JobModel> {
  const found = await locateModel(name, places);
  const { hash, files } = await hashModelFolder(await readModelFolder(found.folder));
  for (const [path, digest] of Object.entries(files)) {
    if (found.hashes !== undefined && found.hashes.get(path) !== digest) throw changedFile(found, path);
  }
  const diffusion = await loadDiffusionModel(found.folder, session);
  checkModel(diffusion);
  return { name: found.name, hash, license: found.license, diffusion };
}

async function locateModel(name: string, places: ModelPlaces): Promise<FoundModel> {
  const { modelsFolder, baseFolder } = places;
  const registry = await readModelRegistry(modelsFolder);
  const registered = registry.find(({ id }) => id === name);
  if (registered !== undefined) {
    await checkRegistered(modelsFolder, registered);
    const license = registered.license.toLowerCase();
    return { folder: resolve(modelsFolder, registered.folder), name, license };
  }
  const store = places.storeFolder ?? modelStoreFolder(process.env, homedir());
  const isName = /^[\w.-]+$/.test(name) || isRepositoryName(name);
  const stored = isName ? await findStoredModel(store, name) : undefined;
  if (stored !== undefined) return foundInStore(stored);
  const folder = resolve(baseFolder, name);
  const instead = await insteadOfModel(folder);
  if (instead !== undefined) throw instead;
  // The folder's own name, so that nothing tells where on this disk it lies.
  const shownName = folder.split(/[\\/]/).findLast((part) => part !== "") ?? name;
  if (await isFolder(folder)) return { folder, name: shownName, license: "unknown" };
  const known = await readKnownDownloads(modelsFolder);
  if (isName && (await isUnfinished(store, name))) throw notDownloaded(name, "is not downloaded to its end");
  if (known.some(({ id }) => id === name)) throw notDownloaded(name, "is known, but not on this machine yet");
  throw unknownModel(name, folder, [...registry, ...known]);
}

/** Sizes first: they say at once what is missing, while hashing a large model takes a while. */
async function foundInStore({ id, folder, license, files }: StoredModel): Promise<FoundModel> {
  const found = { folder, name: id, license, hashes: new Map(files.map(({ path, sha256 }) => [path, sha256])) };
  const [problem] = await verifyFiles(folder, files, "size");
  if (problem?.problem === "missing") {
    throw loftError("model-missing", {
      what: `${problem.path}, a file of the model ${id}, is not in ${folder}.`,
      fix: `Run \`loft models add ${id}\`: it gets what is missing. For a folder of your own, give its path.`,
    });
  }
  if (problem !== undefined) throw changedFile(found, problem.path);
  return found;
}

function changedFile({ name, folder }: FoundModel, path: string) {
  return loftError("model-hash-mismatch", {
    what: `${path} in ${folder} is not the file that was recorded for the model ${name}.`,
    fix: `Run \`loft models add ${name}\` (for a folder of your own \`loft models add ${folder} --name ${name}\`): it mends or records it.`,
  });
}

function notDownloaded(name: string, state: string) {
  return loftError("model-not-downloaded", {
    what: `The model ${name} ${state}.`,
    fix: `Run \`loft models add ${name}\`, then this again.`,
  });
}

function unknownModel(name: string, folder: string, registry: readonly (RegisteredModel | KnownDownload)[]) {
  const names = registry.filter(({ kind }) => kind === "stable-diffusion").map(({ id }) => id);
  const meant = closest(name, names);
  const hub = isRepositoryName(name) ? `, or run \`loft models add ${name}\` if it is on the Hugging Face Hub` : "";
  const question = meant === undefined ? "" : `Did you mean "${meant}"? `;
  return loftError("model-missing", {
    what: `There is no model "${name}": LoFT has none of that name, and ${folder} is no folder.`,
    fix: `${question}Give one of ${names.join(", ")}, or the path of a model folder in diffusers layout${hub}.`,
  });
}

async function checkRegistered(modelsFolder: string, model: RegisteredModel): Promise<void> {
  if (model.kind !== "stable-diffusion") {
    throw loftError("model-config-unsupported", {
      what: `${model.id} is a ${model.kind} model; images are made with a stable-diffusion model.`,
      fix: "Name another model; `loft models` lists them.",
    });
  }
  const [problem] = await verifyModel(modelsFolder, model);
  if (problem !== undefined) throw modelProblem(model, problem);
}

function modelProblem({ id, folder }: RegisteredModel, { path, problem }: ModelProblem) {
  const file = `models/${folder}/${path}`;
  const fix = `Get the file again (\`git checkout ${file}\`), or give the path of your own model folder as "model".`;
  if (problem === "missing")
    return loftError("model-missing", { what: `${file}, a file of the model ${id}, is not there.`, fix });
  return loftError("model-hash-mismatch", {
    what: `${file} is not the file that belongs to the model ${id}: its ${problem} differs.`,
    fix,
  });
}
