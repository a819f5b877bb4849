/** `loft daemon`: the process that editors and `--daemon` talk to. */
import type { Command } from "commander";
import type { ActionResult } from "./actions.ts";
import { addExamples, positiveInteger, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";

export function addDaemonCommand(program: Command, context: CliContext): void {
  const command = program
    .command("daemon")
    .summary("the process that runs jobs for editors")
    .description(
      "Look after the daemon: the process that does the work of editors, of `loft generate --daemon` and of `loft evaluate --daemon`.",
    );
  const add = (name: string, does: string, act: (actions: Actions) => Promise<ActionResult>) => {
    const part = command
      .command(name)
      .description(does)
      .action(async () => {
        printResult(await act(await import("./daemon-actions.ts")), context, wantsJson(part));
      });
  };
  add("status", "say whether it runs, and what it does", (actions) => actions.statusAction(context));
  add("start", "start it, where it does not run", (actions) => actions.startAction(context));
  add("stop", "save its runs and end it", (actions) => actions.stopAction(context));
  add("restart", "save its runs, end it and start it again", (actions) => actions.restartAction(context));
  addLogs(command, context);
  addExamples(command, [
    ["loft daemon status", "what it does at the moment"],
    ["loft daemon stop", "save its runs and end it; they can go on later"],
    ["loft daemon logs --lines 20", "the end of its log"],
  ]);
}

type Actions = typeof import("./daemon-actions.ts");

function addLogs(command: Command, context: CliContext): void {
  const logs = command
    .command("logs")
    .description("print the end of its log")
    .option("--lines <count>", "so many lines", positiveInteger, 50)
    .action(async ({ lines }: { readonly lines: number }) => {
      const { logsAction } = await import("./daemon-actions.ts");
      printResult(await logsAction(lines, context), context, wantsJson(logs));
    });
}
