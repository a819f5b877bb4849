/** What the command files share: options that several take, examples in the help, and how results are printed. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ActionContext, ActionResult } from "./actions.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { interruptible } from "./interrupt.ts";
import { progressDisplay } from "./show-progress.ts";

/** A command line and what it does. */
export type Example = readonly [line: string, does: string];

/** Add the examples that end each help text. */
export function addExamples(command: Command, examples: readonly Example[]): Command {
  const lines = examples.map(([line, does]) => `  ${line}\n      ${does}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** @param meaning what the option does in this command */
export function deviceOption(meaning = "where to run, instead of what the configuration says"): Option {
  return new Option("--device <provider>", meaning).choices(["auto", "cpu", "cuda", "webgpu", "coreml", "dml"]);
}

/** A whole number of at least 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && 1 <= value) return value;
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}

/** Whether `--json` was given, before or after the command's name. */
export function wantsJson(command: Command): boolean {
  return command.optsWithGlobals().json === true;
}

/** Print a result: JSON in one piece, or text. */
export function printResult(result: ActionResult, context: CliContext, asJson: boolean): void {
  const text = asJson ? JSON.stringify(result.json) : result.text;
  if (text !== "") context.stdout(`${text}\n`);
}

/** The members of an options object that were given, so that absent ones stay absent. */
export function given<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}

/** Carry out an action of the pipeline: interruptible, its events shown as they come. */
export async function performAction(
  context: CliContext,
  asJson: boolean,
  action: (actionContext: ActionContext) => Promise<ActionResult>,
): Promise<ActionResult> {
  const display = progressDisplay(context, asJson);
  const { workingFolder, packageFolder } = context;
  try {
    return await interruptible(
      context,
      (signal) => action({ workingFolder, packageFolder, signal, emit: display.show }),
      display.note,
    );
  } finally {
    display.close();
  }
}

/** A terminal that is closed only stops watching: the daemon goes on. */
export function leavingOnHangUp(context: CliContext): CliContext {
  const onInterrupt: CliContext["onInterrupt"] = (handler) =>
    context.onInterrupt((signal) => (signal === "SIGHUP" ? context.exit(exitCodes.interrupted) : handler(signal)));
  return { ...context, onInterrupt };
}

/** How much a killed process may lose. */
export function checkpointOption(what = "adapters"): Option {
  return new Option(
    "--checkpoint-seconds <seconds>",
    `save the ${what} in training this often, for a run that gets killed (default: 10)`,
  ).argParser(seconds);
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && 0 <= value) return value;
  throw new InvalidArgumentError("It must be a number of seconds, 0 or more.");
}
