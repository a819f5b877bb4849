/** Tasks of type `loft`: the command line in a terminal, for those who want it there, with the problem matcher. */
import { dirname } from "node:path";
import {
  type Disposable,
  l10n,
  ProcessExecution,
  Task,
  type TaskDefinition,
  TaskGroup,
  type TaskProvider,
  TaskScope,
  tasks,
  Uri,
  workspace,
} from "vscode";
import type { ConfigFiles } from "./config-files.ts";
import { findNode, type NodeRuntime } from "./node-runtime.ts";
import { nodePathSetting } from "./settings.ts";

type LoftTask = TaskDefinition & {
  readonly config: string;
  readonly stage?: string;
  readonly args?: readonly string[];
};

const stages = ["generate", "train", "sample", "plan", "evaluate"];

export function registerTasks(configs: ConfigFiles, script: string): Disposable {
  const provider: TaskProvider = {
    provideTasks: async () => {
      const node = await nodeForTasks();
      if (node === undefined) return [];
      return (await configs.all()).flatMap((uri) => {
        const config = workspace.asRelativePath(uri, false);
        const definitions = [{ config }, { config, stage: "evaluate" }];
        return definitions.map((own) => makeTask({ type: "loft", ...own }, uri, { node, script }));
      });
    },
    resolveTask: async (task) => {
      const definition = task.definition as LoftTask;
      const uri = await uriOf(definition, task.scope, configs);
      const node = uri && (await nodeForTasks());
      return node && makeTask(definition, uri, { node, script });
    },
  };
  return tasks.registerTaskProvider("loft", provider);
}

/** Undefined where there is none: no task can be run. */
async function nodeForTasks(): Promise<NodeRuntime | undefined> {
  return await findNode(nodePathSetting()).catch(() => undefined);
}

function makeTask(
  definition: LoftTask,
  config: Uri,
  { node, script }: { readonly node: NodeRuntime; readonly script: string },
): Task {
  const stage = stages.find((known) => known === definition.stage) ?? "generate";
  const execution = new ProcessExecution(node.program, [script, stage, config.fsPath, ...(definition.args ?? [])], {
    cwd: dirname(config.fsPath),
    env: { ...node.environment },
  });
  const name = `${stage} ${workspace.asRelativePath(config)}`;
  const scope = workspace.getWorkspaceFolder(config) ?? TaskScope.Workspace;
  const task = new Task(definition, scope, name, "loft", execution, "$loft");
  task.group = TaskGroup.Build;
  task.detail = l10n.t("The loft command in a terminal");
  return task;
}

async function uriOf(definition: LoftTask, scope: Task["scope"], configs: ConfigFiles): Promise<Uri | undefined> {
  if (typeof definition.config !== "string") return undefined;
  const folder = typeof scope === "object" ? scope : workspace.workspaceFolders?.[0];
  if (folder !== undefined) return Uri.joinPath(folder.uri, definition.config);
  return (await configs.all()).find((uri) => workspace.asRelativePath(uri, false) === definition.config);
}
