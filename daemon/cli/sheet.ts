/** `loft sheet`: a contact sheet of a run, synthetic images beside the photos they come from. */
import type { Command } from "commander";
import { addExamples, given, performAction, positiveInteger, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";

export function addSheetCommand(program: Command, context: CliContext): void {
  const command = program
    .command("sheet")
    .argument("<run>", "a run folder")
    .summary("draw a contact sheet of a run")
    .description("Draw a contact sheet: for each class its real photos, then synthetic images with their parents.")
    .option("--output <file>", "write the sheet here (PNG)")
    .option("--images-per-class <count>", "synthetic images of each class", positiveInteger, 12)
    .action(async (run: string, options: { output?: string; imagesPerClass: number }) => {
      const asJson = wantsJson(command);
      const { sheetAction } = await import("./actions.ts");
      const request = { run, imagesPerClass: options.imagesPerClass, ...given({ output: options.output }) };
      const result = await performAction(context, asJson, (actionContext) => sheetAction(request, actionContext));
      printResult(result, context, asJson);
    });
  addExamples(command, [
    ["loft sheet runs/photos", "draw the sheet into the run folder"],
    ["loft sheet runs/photos --images-per-class 20 --output sheet.png", "a larger one, somewhere else"],
  ]);
}
