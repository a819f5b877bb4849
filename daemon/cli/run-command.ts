/** What `generate`, `train` and `sample` have in common: one run, or one half of it. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { RunRequest } from "./actions.ts";
import { addExamples, deviceOption, type Example, given, performAction, printResult, wantsJson } from "./command.ts";
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
    .action(async (config: string, options: RunOptions) => {
      const asJson = wantsJson(command);
      const { runAction } = await import("./actions.ts");
      const request = runRequest(config, definition.part, options);
      const result = await performAction(context, asJson, (actionContext) => runAction(request, actionContext));
      // With --json the events have said everything, one a line.
      if (!asJson) printResult(result, context, asJson);
    });
  addExamples(command, definition.examples);
}

function runRequest(config: string, part: RunRequest["part"], options: RunOptions): RunRequest {
  const { output, device, checkpointSeconds } = options;
  const keepGoing = options.keepGoing === true;
  const onlyClasses = options.onlyClass ?? [];
  return { config, part, keepGoing, onlyClasses, ...given({ output, device, checkpointSeconds }) };
}

function checkpointOption(): Option {
  return new Option(
    "--checkpoint-seconds <seconds>",
    "save the adapters in training this often, for a run that gets killed (default: 10)",
  ).argParser(seconds);
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && 0 <= value) return value;
  throw new InvalidArgumentError("It must be a number of seconds, 0 or more.");
}
