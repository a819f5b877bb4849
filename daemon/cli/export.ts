/** `loft export`: a run's adapters for other tools, its dataset as tables, tar shards or Parquet. */
import { type Command, Option } from "commander";
import { type ExportDtype, type ExportFormat, exportDtypes, exportFormats } from "../jobs/export-formats.ts";
import { addExamples, performAction, printResult, wantsJson } from "./command.ts";
import type { CliContext } from "./context.ts";

type ExportOptions = { readonly format: ExportFormat; readonly output: string; readonly dtype: ExportDtype };

export function addExportCommand(program: Command, context: CliContext): void {
  const command = program
    .command("export")
    .argument("<run>", "a run folder")
    .summary("write a run's adapters or dataset for other tools")
    .description(
      "Write the adapters of a run as other tools read them, or its dataset as tables, WebDataset shards or Parquet.",
    )
    .addOption(new Option("--format <format>", "what to write").choices([...exportFormats]).makeOptionMandatory())
    .requiredOption("--output <folder>", "where to write it: an empty or new folder")
    .addOption(new Option("--dtype <type>", "number type of adapters").choices([...exportDtypes]).default("f16"))
    .action(async (run: string, { format, output, dtype }: ExportOptions) => {
      const asJson = wantsJson(command);
      const { exportAction } = await import("./actions.ts");
      const request = { run, format, output, dtype };
      const result = await performAction(context, asJson, (actionContext) => exportAction(request, actionContext));
      printResult(result, context, asJson);
    });
  addExamples(command, [
    ["loft export runs/photos --format adapters-kohya --output loras", "for AUTOMATIC1111, ComfyUI and others"],
    ["loft export runs/photos --format adapters-peft --dtype f32 --output peft", "for PEFT, every bit kept"],
    ["loft export runs/photos --format webdataset --output shards", "train-000000.tar and so on"],
    ["loft export runs/photos --format parquet --output hub", "for Hugging Face's datasets"],
  ]);
}
