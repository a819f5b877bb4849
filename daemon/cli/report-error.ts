/** Errors as a user of the command sees them: the code, what happened, what to do. Never a stack, unless asked for. */
import { CommanderError } from "commander";
import { writeError } from "../base/atomic-file.ts";
import { LoftError } from "../base/errors.ts";
import { memoryError } from "../base/memory-error.ts";
import type { CliContext } from "./context.ts";
import { exitCodeOf, exitCodes } from "./exit-code.ts";

/** An error in words; what `--json` prints as its last line. */
export type ErrorReport = { readonly code: string; readonly what: string; readonly fix: string };

/** Print an error and give the exit code. `LOFT_DEBUG=1` adds the stack. */
export function reportError(error: unknown, context: CliContext, asJson: boolean): number {
  if (error instanceof CommanderError) return exitCodeOfCommander(error);
  const report = describeError(error);
  printError(report, context, asJson);
  if (context.environment.LOFT_DEBUG === "1" && error instanceof Error) context.stderr(`${stackWithCauses(error)}\n`);
  return exitCodeOf(report.code);
}

/** To stderr for people, and to stdout as one more line where JSON was asked for. */
export function printError(report: ErrorReport, context: CliContext, asJson: boolean): void {
  if (asJson) context.stdout(`${JSON.stringify({ type: "error", ...report })}\n`);
  context.stderr(`error[${report.code}]: ${report.what}\nfix: ${report.fix}\n`);
}

function describeError(error: unknown): ErrorReport {
  const path = error instanceof Error && "path" in error ? String(error.path) : "a file";
  const known = memoryError(writeError(error, path));
  if (known instanceof LoftError) return { code: known.code, what: known.what, fix: known.fix };
  return {
    code: "internal",
    what: error instanceof Error ? error.message : String(error),
    fix: "This is a mistake in LoFT. Run the command again with LOFT_DEBUG=1 and report what it prints.",
  };
}

/** Help and version also arrive as errors; commander has printed everything by then. */
function exitCodeOfCommander(error: CommanderError): number {
  return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}

function stackWithCauses(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by ${stackWithCauses(error.cause)}` : stack;
}
