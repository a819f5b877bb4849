/** The `loft` command as a process: real streams, signals and the exit code. */
import { processContext } from "./cli/context.ts";
import { runCommandLine } from "./cli/program.ts";

/** Run the command line of this process and set its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`loft models | head`) closes the pipe: nothing is wrong then.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  process.exitCode = await runCommandLine(argv.slice(2), processContext());
}
