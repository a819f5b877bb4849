/** `loft init`: a first configuration from a folder of photos. */
import type { Command } from "commander";
import { addExamples, given, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";

type InitOptions = { readonly output?: string; readonly name?: string; readonly force?: boolean };

export function addInitCommand(program: Command, context: CliContext): void {
  const command = program
    .command("init")
    .argument("<folder>", "a folder that holds one folder of photos per class")
    .summary("write a configuration for a folder of photos")
    .description("Write a configuration (*.loft.json) for a folder that holds one folder of photos per class.")
    .option("--output <file>", "the file to write; FOLDER.loft.json in the current folder unless said")
    .option("--name <text>", "a name for the training set; the folder's name unless said")
    .option("--force", "replace a file that is already there")
    .action(async (folder: string, options: InitOptions) => {
      const { initAction } = await import("./init-action.ts");
      const { output, name } = options;
      const request = { folder, force: options.force === true, ...given({ output, name }) };
      const result = await initAction(request, context);
      printResult(result, context, wantsJson(command));
    });
  addExamples(command, [
    ["loft init my-photos/", "writes my-photos.loft.json"],
    ['loft init my-photos/ --name "Garden birds" --output birds.loft.json', "with a name, in another file"],
  ]);
}
