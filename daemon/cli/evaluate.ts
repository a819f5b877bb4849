/** `loft evaluate`: what the synthetic images are worth, as a table of classifiers. */
import type { Command } from "commander";
import { addExamples, deviceOption, given, performAction, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";

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
    .action(async (config: string, options: { reference?: string; device?: string }) => {
      const asJson = wantsJson(command);
      const { evaluateAction } = await import("./evaluate-action.ts");
      const { reference, device } = options;
      const request = { config, ...given({ reference, device }) };
      const result = await performAction(context, asJson, (actionContext) => evaluateAction(request, actionContext));
      printResult(result, context, asJson);
    });
  addExamples(command, [
    ["loft evaluate photos.loft.json", "the table of all rows that the file asks for"],
    ["loft evaluate photos.loft.json --reference zero-shot", "differences from CLIP without training"],
  ]);
}
