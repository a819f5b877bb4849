/** The command line of `loft`: its commands, and how mistakes in it are told. */
import { Command } from "commander";
import { loftVersion } from "../base/version.ts";
import { addExamples } from "./command.ts";
import type { CliContext } from "./context.ts";
import { addDaemonCommand } from "./daemon.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addEvaluateCommand } from "./evaluate.ts";
import { exitCodes } from "./exit-code.ts";
import { addExportCommand } from "./export.ts";
import { generateCommand } from "./generate.ts";
import { addInitCommand } from "./init.ts";
import { addModelsCommand } from "./models.ts";
import { addPlanCommand } from "./plan.ts";
import { addReplayCommand } from "./replay.ts";
import { printError, reportError } from "./report-error.ts";
import { addRunCommand } from "./run-command.ts";
import { sampleCommand } from "./sample.ts";
import { addSheetCommand } from "./sheet.ts";
import { trainCommand } from "./train.ts";

/**
 * Run one command line.
 * @param args the words after `loft`
 * @returns the exit code: 0 done, 1 failed, 2 usage or configuration, 130 interrupted
 */
export async function runCommandLine(args: readonly string[], context: CliContext): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = buildProgram(args, context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    return reportError(error, context, args.includes("--json"));
  }
}

function buildProgram(args: readonly string[], context: CliContext, setExitCode: (code: number) => void): Command {
  const program = new Command("loft")
    .description(
      "A handful of real photos per class in, a training set of thousands out: one LoRA adapter per photo, fused.",
    )
    .version(loftVersion, "-V, --version", "print the version")
    .option("--json", "print results and events as JSON, one a line")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: context.stdout,
      writeErr: context.stderr,
      outputError: (message) => printError(usageReport(message), context, args.includes("--json")),
    })
    .exitOverride();
  addInitCommand(program, context);
  addPlanCommand(program, context);
  for (const definition of [generateCommand, trainCommand, sampleCommand]) addRunCommand(program, context, definition);
  addReplayCommand(program, context);
  addSheetCommand(program, context);
  addEvaluateCommand(program, context);
  addExportCommand(program, context);
  addModelsCommand(program, context);
  addDaemonCommand(program, context);
  addDoctorCommand(program, context, setExitCode);
  return addExamples(program, [
    ["loft init my-photos/", "write my-photos.loft.json from a folder with one folder of photos per class"],
    ["loft plan my-photos.loft.json", "see what will be done before anything runs"],
    ["loft generate my-photos.loft.json", "do it; stop it and run it again, and it goes on"],
  ]);
}

/** commander says "error: what happened", and sometimes what was perhaps meant in a second line. */
function usageReport(message: string): { code: string; what: string; fix: string } {
  const [first = "", ...rest] = message.trim().split("\n");
  const what = first.replace(/^error: /, "");
  const suggestion = rest.join(" ").replace(/^\((.*)\)$/, "$1");
  const help = "`loft --help` lists the commands, `loft COMMAND --help` the options.";
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1)}${what.endsWith(".") ? "" : "."}`;
  return { code: "usage-invalid", what: sentence, fix: suggestion === "" ? help : `${suggestion} ${help}` };
}
