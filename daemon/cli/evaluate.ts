/** `loft evaluate`: what the synthetic images are worth, as a table of classifiers. */
import type { Command } from "commander";
import type { ActionContext, ActionResult } from "./actions.ts";
import {
  addExamples,
  checkpointOption,
  deviceOption,
  given,
  leavingOnHangUp,
  performAction,
  printResult,
  wantsJson,
} from "./command.ts";
import type { CliContext } from "./context.ts";
import type { EvaluateRequest } from "./evaluate-action.ts";

export function addEvaluateCommand(program: Command, context: CliContext): void {
  const command = program
    .command("evaluate")
    .argument("<config...>", "configuration files (*.loft.json) with evaluation.test, one for each dataset")
    .summary("train classifiers and compare them")
    .description(
      "Make what is missing of the synthetic images, train classifiers on real photos, on synthetic images and on both, and compare them on test pictures. Several configurations are evaluated one after the other, and averaged in one more table. Stop it at any moment and run it again: it goes on where it was.",
    )
    .option("--reference <row>", "measure differences from this row (default: the real photos alone)")
    .addOption(deviceOption())
    .addOption(checkpointOption("adapters and classifiers"))
    .option("--output <folder>", "where the table over several datasets goes (default: results)")
    .option("--daemon", "let the daemon do it: it goes on when this terminal is closed; Ctrl-C cancels it")
    .action(async (configs: string[], { daemon, ...options }: EvaluateOptions) => {
      const asJson = wantsJson(command);
      const { reference, device, checkpointSeconds, output } = options;
      const request = { configs, ...given({ reference, device, checkpointSeconds, output }) };
      const evaluate = await evaluatorOf(context, daemon === true);
      const shown = daemon === true ? leavingOnHangUp(context) : context;
      const result = await performAction(shown, asJson, (actionContext) => evaluate(request, actionContext));
      printResult(result, context, asJson);
      if (result.failure !== undefined) throw result.failure;
    });
  addExamples(command, [
    ["loft evaluate photos.loft.json", "the table of all rows that the file asks for"],
    ["loft evaluate pets.loft.json cars.loft.json", "both tables, and one of the means in results/"],
    ["loft evaluate photos.loft.json --reference zero-shot", "differences from CLIP without training"],
    ["loft evaluate photos.loft.json --daemon", "in the daemon, which goes on without this terminal"],
  ]);
}

type EvaluateOptions = Omit<EvaluateRequest, "configs"> & { readonly daemon?: boolean };

type Evaluator = (request: EvaluateRequest, context: ActionContext) => Promise<ActionResult>;

async function evaluatorOf(context: CliContext, isInDaemon: boolean): Promise<Evaluator> {
  if (!isInDaemon) return (await import("./evaluate-action.ts")).evaluateAction;
  const { daemonEvaluateAction } = await import("./daemon-evaluate.ts");
  return (request, actionContext) => daemonEvaluateAction(request, actionContext, context);
}
