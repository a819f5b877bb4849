/** An image of a run made again, as a task of a worker process. */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ReplayResult } from "../../schemas/protocol.ts";
import { chooseProvider } from "../engine/runtime/providers.ts";
import { replayImage } from "./replay-image.ts";
import { readRun } from "./run-folder.ts";
import type { TaskContext } from "./task-context.ts";
import type { WorkerTasks } from "./worker-messages.ts";

/** Make the image again and compare. Throws as `replayImage`. */
export async function replayTask(
  { root, file, config }: WorkerTasks["replay"]["params"],
  { places, signal }: TaskContext,
): Promise<ReplayResult> {
  const modelsFolder = join(places.packageFolder, "models");
  const model = config === undefined ? undefined : await modelFolder(root, config);
  const { differingValues, largestDifference } = await replayImage({
    image: join(root, ...file.split("/")),
    modelsFolder,
    ...(model === undefined ? {} : { model }),
    session: { provider: chooseProvider("auto"), threads: 0 },
    signal,
  });
  return { same: differingValues === 0, differingValues, largestDifference };
}

/** A model that the configuration names by its path; an image knows no paths. */
async function modelFolder(root: string, config: string): Promise<string | undefined> {
  const record = await readRun(root).catch(() => undefined);
  const { model } = (record?.config ?? {}) as { readonly model?: unknown };
  if (typeof model !== "string" || !/[\\/]/.test(model)) return undefined;
  const folder = resolve(dirname(config), model);
  const isThere = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isThere ? folder : undefined;
}
