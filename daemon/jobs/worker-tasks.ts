/** The tasks of a worker process, by name. */
import { evaluateTask } from "./evaluate-task.ts";
import { createFuseStudio, fuseTask } from "./fuse-task.ts";
import { newConfigTask } from "./new-config.ts";
import { planCostTask, planTextTask } from "./plan-task.ts";
import { replayTask } from "./replay-task.ts";
import { runTask } from "./run-task.ts";
import type { TaskContext } from "./task-context.ts";
import type { TaskRequest, WorkerTaskName, WorkerTasks } from "./worker-messages.ts";

/** Does a task. Rejects with LoftError for what a user can mend. */
export type PerformTask = (task: TaskRequest, context: TaskContext) => Promise<unknown>;

type Perform<Name extends WorkerTaskName> = (
  params: WorkerTasks[Name]["params"],
  context: TaskContext,
) => Promise<WorkerTasks[Name]["result"]>;

/** For one process: what tasks share between them is kept in it. */
export function createTasks(): PerformTask {
  const studio = createFuseStudio();
  const tasks: { readonly [Name in WorkerTaskName]: Perform<Name> } = {
    run: runTask,
    evaluate: evaluateTask,
    planCost: planCostTask,
    planText: planTextTask,
    newConfig: newConfigTask,
    replay: replayTask,
    fuse: (params, context) => fuseTask(studio, params, context),
  };
  return ({ name, params }, context) => (tasks[name] as Perform<WorkerTaskName>)(params, context);
}
