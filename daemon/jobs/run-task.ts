/** A whole run as a task of a worker process. */
import { basename, join } from "node:path";
import type { PhotoAdapter, SampleClass } from "../../schemas/protocol.ts";
import type { RunEvent } from "../../schemas/run-event.ts";
import type { AdapterExample, AdapterTask } from "../pipeline/plan.ts";
import { memoryWarnings } from "./memory-warnings.ts";
import { type PreparedJob, prepareJob, requireSeparateFolders } from "./prepare-job.ts";
import { preparedWarnings } from "./prepared-warnings.ts";
import { photoFile } from "./run-folder.ts";
import { runIncomplete, runJob } from "./run-job.ts";
import type { TaskContext } from "./task-context.ts";
import type { RunTask, WorkerTasks } from "./worker-messages.ts";

/**
 * Prepare and carry out a run; its plan and its events are told as they come.
 * @throws LoftError "interrupted" after saving, "run-locked", "task-failed", and what preparing and the tasks throw
 */
export async function runTask(task: RunTask, context: TaskContext): Promise<WorkerTasks["run"]["result"]> {
  const { config, root, part, keepGoing, onlyClasses, device, checkpointSeconds } = task;
  const { places, signal, tell } = context;
  const prepared = await prepareJob({
    configFile: config,
    modelsFolder: join(places.packageFolder, "models"),
    onlyClasses,
    signal,
    ...(device === undefined ? {} : { device }),
  });
  requireSeparateFolders(prepared.dataFolder, root);
  tell({ type: "planned", classes: plannedClasses(prepared) });
  const emit = (event: RunEvent) => tell({ type: "event", event });
  for (const warning of [...preparedWarnings(prepared), ...memoryWarnings(prepared)])
    emit({ type: "warning", ...warning });
  const result = await runJob(prepared, {
    ...{ root, part, keepGoing, signal, emit, command: `loft generate ${basename(config)}` },
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
  });
  if (0 < result.failures.size) throw runIncomplete(result.failures);
  return { adapters: result.adapters, images: result.images, seconds: result.seconds };
}

/** The classes of the whole plan with their photos; nothing is looked up on disk. */
export function plannedClasses({ dataset, wholePlan }: Pick<PreparedJob, "dataset" | "wholePlan">): SampleClass[] {
  const images = new Map<string, number>();
  for (const { className } of wholePlan.images) images.set(className, (images.get(className) ?? 0) + 1);
  return dataset.classes.map(({ className, outputFolder }) => ({
    className,
    folder: outputFolder,
    planned: images.get(className) ?? 0,
    samples: 0,
    photos: wholePlan.adapters.filter((task) => task.className === className).map(plannedAdapter),
  }));
}

/** An adapter of several photos shows the first of them. */
function plannedAdapter({ id, examples }: AdapterTask): PhotoAdapter {
  const [first] = examples as readonly [AdapterExample];
  const { photo, classFolder } = first;
  return {
    adapterId: id,
    photo: examples.length === 1 ? photo.path : `${examples.length} photos`,
    photoFile: photoFile(classFolder, photo.sha256),
    trained: false,
  };
}
