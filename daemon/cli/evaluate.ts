/** `loft evaluate`: what the synthetic images are worth, as a table of classifiers. */
import type { Command } from "commander";
import type { ActionContext, ActionResult } from "./actions.ts";
import { addExamples, deviceOption, given, leavingOnHangUp, performAction, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";
import type { EvaluateRequest } from "./evaluate-action.ts";

export function addEvaluateCommand(program: Command, context: CliContext): void {
  const command = program
    .command("evaluate")
    .argument("<config>", "a configuration file (*.loft.json) with evaluation.test")
    .summary("train classifiers and compare them")
    .description(
      "Make what is missing of the synthetic images, train classifiers on real photos, on synthetic images and on both, and compare them on test pictures. Stop it at any moment and run it again: it goes on where it was.",
    )
    .option("--reference <row>", "measure differences from this row (default: the real photos alone)")
    .addOption(deviceOption())
    .option("--daemon", "let the daemon do it: it goes on when this terminal is closed; Ctrl-C cancels it")
    .action(async (config: string, { reference, device, daemon }: EvaluateOptions) => {
      const asJson = wantsJson(command);
      const request = { config, ...given({ reference, device }) };
      const evaluate = await evaluatorOf(context, daemon === true);
      const shown = daemon === true ? leavingOnHangUp(context) : context;
      const result = await performAction(shown, asJson, (actionContext) => evaluate(request, actionContext));
      printResult(result, context, asJson);
    });
  addExamples(command, [
    ["loft evaluate photos.loft.json", "the table of all rows that the file asks for"],
    ["loft evaluate photos.loft.json --reference zero-shot", "differences from CLIP without training"],
    ["loft evaluate photos.loft.json --daemon", "in the daemon, which goes on without this terminal"],
  ]);
}

type EvaluateOptions = { readonly reference?: string; readonly device?: string; readonly daemon?: boolean };

type Evaluator = (request: EvaluateRequest, context: ActionContext) => Promise<ActionResult>;

async function evaluatorOf(context: CliContext, isInDaemon: boolean): Promise<Evaluator> {
  if (!isInDaemon) return (await import("./evaluate-action.ts")).evaluateAction;
  const { daemonEvaluateAction } = await import("./daemon-evaluate.ts");
  return (request, actionContext) => daemonEvaluateAction(request, actionContext, context);
}
