/** `loft replay`: the same pixels again, from an image's own metadata. */
import type { Command } from "commander";
import { addExamples, deviceOption, given, performAction, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";

export function addReplayCommand(program: Command, context: CliContext): void {
  const command = program
    .command("replay")
    .argument("<image>", "a synthetic image in its run folder")
    .summary("make an image again from its own metadata")
    .description("Make a synthetic image again from what it says about itself, and compare the pixels.")
    .option("--output <file>", "write the image here (PNG)")
    .option("--model <folder>", "the model's folder, where it is none that `loft models` lists")
    .addOption(deviceOption("where to run (default: auto)"))
    .action(async (image: string, options: { output?: string; model?: string; device?: string }) => {
      const asJson = wantsJson(command);
      const { replayAction } = await import("./actions.ts");
      const request = { image, ...given(options) };
      const result = await performAction(context, asJson, (actionContext) => replayAction(request, actionContext));
      printResult(result, context, asJson);
    });
  addExamples(command, [
    ["loft replay runs/photos/data/train/cat/000001.png", "make it again and say whether the pixels are the same"],
    ["loft replay runs/photos/data/train/cat/000001.png --output again.png", "keep the new image"],
  ]);
}
