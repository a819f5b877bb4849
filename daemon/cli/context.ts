/** What a command may touch of the world around it: handed in, so that tests can run commands in their own process. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export type CliContext = {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly stderrIsTerminal: boolean;
  /** Width of the terminal behind stderr, in characters; asked again for each drawing. */
  readonly columns: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** LoFT's own folder: `models/` and `examples/` lie in it. */
  readonly packageFolder: string;
  /** Calls `handler` on each interrupt (Ctrl-C, SIGTERM, SIGHUP) with its signal; the result stops that. */
  readonly onInterrupt: (handler: (signal?: NodeJS.Signals) => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
};

/** The context of a real process. */
export function processContext(): CliContext {
  return {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    stderrIsTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? 80,
    environment: process.env,
    workingFolder: process.cwd(),
    packageFolder: findPackageFolder(dirname(fileURLToPath(import.meta.url))),
    onInterrupt: listenForInterrupts,
    exit: (code) => process.exit(code),
  };
}

/** The nearest folder above that holds package.json: the same from the bundle in dist/ and from the sources. */
function findPackageFolder(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

function listenForInterrupts(handler: (signal: NodeJS.Signals) => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, handler);
  return () => {
    for (const signal of signals) process.off(signal, handler);
  };
}
