/** What `generate`, `train` and `sample` have in common: one run, or one half of it. */
import type { Command } from "commander";
import type { ActionContext, ActionResult, RunRequest } from "./actions.ts";
import {
  addExamples,
  checkpointOption,
  deviceOption,
  type Example,
  given,
  leavingOnHangUp,
  performAction,
  printResult,
  wantsJson,
} from "./command.ts";
import type { CliContext } from "./context.ts";

/** How the three commands differ. */
export type RunCommand = {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly part: RunRequest["part"];
  readonly examples: readonly Example[];
};

type RunOptions = {
  readonly keepGoing?: boolean;
  readonly checkpointSeconds?: number;
  readonly device?: string;
  readonly output?: string;
  readonly onlyClass?: readonly string[];
  readonly daemon?: boolean;
};

export function addRunCommand(program: Command, context: CliContext, definition: RunCommand): void {
  const command = program
    .command(definition.name)
    .usage("<config> [options]")
    .argument("<config>", "a configuration file (*.loft.json)")
    .summary(definition.summary)
    .description(definition.description)
    .option("--keep-going", "when a task fails, do the others all the same")
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .option("--output <folder>", "the run folder, instead of what the configuration says")
    .option("--only-class <name...>", "only these classes; give the configuration first")
    .option("--daemon", "let the daemon do it: it goes on when this terminal is closed; Ctrl-C cancels it")
    .action(async (config: string, options: RunOptions) => {
      const asJson = wantsJson(command);
      const request = runRequest(config, definition.part, options);
      const run = await runnerOf(context, options);
      const shown = options.daemon === true ? leavingOnHangUp(context) : context;
      const result = await performAction(shown, asJson, (actionContext) => run(request, actionContext));
      // With --json the events have said everything, one a line.
      if (!asJson) printResult(result, context, asJson);
    });
  addExamples(command, definition.examples);
}

type Runner = (request: RunRequest, context: ActionContext) => Promise<ActionResult>;

async function runnerOf(context: CliContext, { daemon }: RunOptions): Promise<Runner> {
  if (daemon !== true) return (await import("./actions.ts")).runAction;
  const { daemonRunAction } = await import("./daemon-run.ts");
  return (request, actionContext) => daemonRunAction(request, actionContext, context);
}

function runRequest(config: string, part: RunRequest["part"], options: RunOptions): RunRequest {
  const { output, device, checkpointSeconds } = options;
  const keepGoing = options.keepGoing === true;
  const onlyClasses = options.onlyClass ?? [];
  return { config, part, keepGoing, onlyClasses, ...given({ output, device, checkpointSeconds }) };
}
