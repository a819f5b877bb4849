/** What `loft models add` and `loft models remove` do. Loaded only when they run. */

import { homedir } from "node:os";
import { join } from "node:path";
import { counted } from "../base/counted.ts";
import { loftError } from "../base/errors.ts";
import { checkModel } from "../diffusion/check-model.ts";
import { loadDiffusionModel } from "../diffusion/diffusion-model.ts";
import { type AddedModel, addModel } from "../hub/add-model.ts";
import type { Variant } from "../hub/choose-files.ts";
import { hubSettings, modelStoreFolder } from "../hub/hub-settings.ts";
import { findStoredModel, isUnfinished, lockModel, readStore, removeStored } from "../hub/model-store.ts";
import type { ActionResult } from "./actions.ts";
import type { CliContext } from "./context.ts";
import { interruptible } from "./interrupt.ts";
import { downloadDisplay, sizeText } from "./show-download.ts";

export type AddModelRequest = {
  readonly model: string;
  readonly name?: string;
  readonly revision?: string;
  readonly variant?: Variant;
  readonly offline: boolean;
};

/** Add a model to the store; progress goes to the display. */
export async function addModelAction(
  request: AddModelRequest,
  context: CliContext,
  asJson: boolean,
): Promise<ActionResult> {
  const { environment, workingFolder, packageFolder } = context;
  const home = homedir();
  const settings = hubSettings(environment, home);
  const display = downloadDisplay(context, asJson);
  try {
    const added = await interruptible(context, (signal) =>
      addModel({
        ...request,
        settings: { ...settings, offline: settings.offline || request.offline },
        store: modelStoreFolder(environment, home),
        modelsFolder: join(packageFolder, "models"),
        ...{ workingFolder, signal, check: checkFolder },
        emit: display.show,
        clock: () => new Date(),
      }),
    );
    return { text: addedText(added), json: { type: "model-added", ...added } };
  } finally {
    display.close();
  }
}

/**
 * Remove a model from the store. Files outside the store stay where they are.
 * @throws LoftError "model-missing" when there is none of the name, "model-locked"
 */
export async function removeModelAction(id: string, { environment }: CliContext): Promise<ActionResult> {
  const store = modelStoreFolder(environment, homedir());
  const { models, unfinished, damaged } = await readStore(store);
  const names = [...models.map((model) => model.id), ...unfinished, ...damaged.map((name) => name.replace("--", "/"))];
  if (!names.includes(id)) throw notStored(id, names);
  const lock = await lockModel(store, id);
  try {
    const model = damaged.includes(id.replace("/", "--")) ? undefined : await findStoredModel(store, id);
    const isPartial = await isUnfinished(store, id);
    await removeStored(store, id);
    const kept = model !== undefined && model.origin.kind !== "download";
    const what = kept ? `forgot ${id}; its files stay in ${model.folder}` : `removed ${id}`;
    const json = { type: "model-removed", id, filesKept: kept ? model.folder : null, wasUnfinished: isPartial };
    return { text: what, json };
  } finally {
    await lock.release();
  }
}

/** Builds every network from its config and its weights' shapes, as a run does, without reading the weights. */
async function checkFolder(folder: string): Promise<void> {
  checkModel(await loadDiffusionModel(folder, { provider: "cpu", threads: 1 }));
}

function addedText({ model, how, newHashes }: AddedModel): string {
  const bytes = model.files.reduce((sum, file) => sum + file.bytes, 0);
  const done = {
    "already-there": "is there already, every file as recorded",
    downloaded: "downloaded, every file checked against the server's hash",
    "found-in-cache": "found in Hugging Face's cache, every file checked against its hash; nothing was downloaded",
    folder: "added as it is; the files stay where they are",
  }[how];
  const { origin } = model;
  const where = origin.kind === "folder" ? [] : [`from ${origin.repository} at ${origin.revision}`];
  const hashes =
    newHashes === 0
      ? []
      : [
          `${newHashes} of ${counted(model.files.length, "file")} had no recorded SHA-256: it is recorded now, and checked from now on`,
        ];
  return [
    `${model.id}: ${done}`,
    ...[`${sizeText(bytes)} in ${model.folder}`, ...where, `license: ${model.license}`, ...hashes].map(
      (line) => `  ${line}`,
    ),
    `next: "model": "${model.id}" in a configuration`,
  ].join("\n");
}

function notStored(id: string, names: readonly string[]) {
  return loftError("model-missing", {
    what: `There is no added or downloaded model ${id}.`,
    fix:
      names.length === 0
        ? "There is none at all: `loft models` lists what is here."
        : `Give one of ${names.join(", ")}.`,
  });
}
