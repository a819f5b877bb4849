/** From the model a configuration names to the folder it lies in, checked against the registry. */
import { resolve } from "node:path";
import { loftError } from "../base/errors.ts";
import { readModelFolder } from "../checkpoint/diffusers-folder.ts";
import { hashModelFolder } from "../checkpoint/model-hash.ts";
import {
  type ModelProblem,
  type RegisteredModel,
  readModelRegistry,
  verifyModel,
} from "../checkpoint/model-registry.ts";
import { loadDiffusionModel } from "../diffusion/diffusion-model.ts";
import type { SessionOptions } from "../engine/runtime/session.ts";
import type { JobModel } from "./job.ts";

/**
 * Find, check and read a model.
 * @param name a name of the registry in `modelsFolder`, else a folder, relative to `baseFolder`
 * @throws LoftError "model-missing", "model-hash-mismatch", and what reading a model folder throws
 */
export async function findModel(
  name: string,
  places: { readonly modelsFolder: string; readonly baseFolder: string },
  session: SessionOptions,
): Promise<JobModel> {
  const { modelsFolder, baseFolder } = places;
  const registered = (await readModelRegistry(modelsFolder)).find(({ id }) => id === name);
  if (registered !== undefined) await checkRegistered(modelsFolder, registered);
  const folder = registered === undefined ? resolve(baseFolder, name) : resolve(modelsFolder, registered.folder);
  const { hash } = await hashModelFolder(await readModelFolder(folder));
  // The folder's own name, so that nothing tells where on this disk it lies.
  const shownName = registered?.id ?? folder.split(/[\\/]/).findLast((part) => part !== "") ?? name;
  return {
    name: shownName,
    hash,
    license: registered?.license.toLowerCase() ?? "unknown",
    diffusion: await loadDiffusionModel(folder, session),
  };
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
