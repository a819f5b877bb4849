/** A context for the command line in a test's own process: what is printed is kept. */
import type { CliContext } from "../../daemon/cli/context.ts";

/** A context without a terminal, and what was printed to it so far. */
export function recordedContext(changes: Partial<CliContext> = {}) {
  let [stdout, stderr] = ["", ""];
  const context: CliContext = {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    stderrIsTerminal: false,
    columns: () => 80,
    environment: {},
    workingFolder: ".",
    packageFolder: ".",
    onInterrupt: () => () => undefined,
    exit: () => undefined,
    ...changes,
  };
  return { context, printed: () => ({ stdout, stderr }) };
}
