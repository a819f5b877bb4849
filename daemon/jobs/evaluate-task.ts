/** A whole evaluation as a task of a worker process. */
import { basename, join } from "node:path";
import { evaluate } from "./evaluate-run.ts";
import { runIncomplete } from "./run-job.ts";
import type { TaskContext } from "./task-context.ts";
import type { EvaluateTask, WorkerTasks } from "./worker-messages.ts";

/**
 * Carry out an evaluation; its events are told as they come, its results lie in its folder.
 * @throws LoftError "interrupted" after saving, "run-locked", "task-failed" when classifiers were lost, and what
 *   preparing and the tasks throw
 */
export async function evaluateTask(
  { config, device, reference, checkpointSeconds }: EvaluateTask,
  { places, signal, tell }: TaskContext,
): Promise<WorkerTasks["evaluate"]["result"]> {
  const { folder, results, lost } = await evaluate({
    configFile: config,
    modelsFolder: join(places.packageFolder, "models"),
    onlyClasses: [],
    command: `loft generate ${basename(config)}`,
    signal,
    emit: (event) => tell({ type: "event", event }),
    ...(device === undefined ? {} : { device }),
    ...(reference === undefined ? {} : { reference }),
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
  });
  if (0 < lost.size) throw runIncomplete(lost);
  return { folder, partial: results.partial };
}
