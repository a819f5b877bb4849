/** `loft plan`: what a configuration would do, before anything runs. */
import type { Command } from "commander";
import { addExamples, performAction, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";

export function addPlanCommand(program: Command, context: CliContext): void {
  const command = program
    .command("plan")
    .argument("<config>", "a configuration file (*.loft.json)")
    .summary("show what a configuration would do")
    .description("Show what a configuration would do: adapters, steps, images, minutes and gigabytes. Nothing runs.")
    .option("--resolved", "show the configuration with every default filled in")
    .action(async (config: string, options: { resolved?: boolean }) => {
      const asJson = wantsJson(command);
      const { planAction } = await import("./actions.ts");
      const request = { config, resolved: options.resolved === true };
      const result = await performAction(context, asJson, (actionContext) => planAction(request, actionContext));
      printResult(result, context, asJson);
    });
  addExamples(command, [
    ["loft plan photos.loft.json", "adapters, steps, images, time and space that a run will take"],
    ["loft plan photos.loft.json --resolved", "every setting that the run will use, and where it comes from"],
    ["loft plan photos.loft.json --json", "the plan for another program"],
  ]);
}
