/** The real `loft` command as a child process: what it prints, tells and ends with, and when. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RunEvent } from "../../schemas/run-event.ts";
import { buildFailure } from "./built-command.ts";

const command = fileURLToPath(new URL("../../daemon/loft.mjs", import.meta.url));

/** No run of a test takes longer; a command that hangs must not hang the tests. */
const longestMilliseconds = 120_000;

export type CommandOptions = {
  /** The working folder. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
};

/** An event, or the error that `--json` ends with, and when it came, counted from the start of the process. */
export type TimedEvent = { readonly event: CommandEvent; readonly milliseconds: number };
export type CommandEvent = RunEvent | { readonly type: "error"; readonly code: string };

export type CommandResult = {
  /** Null when a signal ended the process. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
  /** Only with `--json`. */
  readonly events: readonly TimedEvent[];
};

export type CommandProcess = {
  readonly result: Promise<CommandResult>;
  /** Resolves with true at the first event that `test` accepts, with false when the process ends before. */
  readonly until: (test: (event: CommandEvent, index: number) => boolean) => Promise<boolean>;
  readonly kill: (signal: NodeJS.Signals) => void;
};

/** Start `loft` with `args`. */
export function startCommand(args: readonly string[], { folder, environment = {} }: CommandOptions): CommandProcess {
  const failure = process.env[buildFailure];
  if (failure !== undefined && failure !== "") throw new Error(`the command could not be built:\n${failure}`);
  const started = performance.now();
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: { ...process.env, LOFT_DEBUG: "", ...environment },
    timeout: longestMilliseconds,
    killSignal: "SIGKILL",
  });
  const events: TimedEvent[] = [];
  const listeners = new Set<() => void>();
  const output = collect(child, (line) => {
    if (!line.startsWith("{")) return;
    events.push({ event: JSON.parse(line) as CommandEvent, milliseconds: performance.now() - started });
    for (const listener of listeners) listener();
  });
  const result = new Promise<CommandResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => {
      resolve({ exitCode, ...output, milliseconds: performance.now() - started, events });
      for (const listener of listeners) listener();
    });
  });
  const until: CommandProcess["until"] = async (test) => {
    const isThere = () => events.some(({ event }, index) => test(event, index));
    const seen = new Promise<void>((resolve) => {
      listeners.add(() => {
        if (isThere()) resolve();
      });
    });
    if (!isThere()) await Promise.race([seen, result]);
    return isThere();
  };
  return { result, until, kill: (signal) => child.kill(signal) };
}

/** Run `loft` with `args` to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return startCommand(args, options).result;
}

/** What a user sees of a failed command; anything that looks like a stack trace or an internal error fails the test. */
export function userError({ exitCode, stdout, stderr }: CommandResult): {
  readonly exitCode: number | null;
  readonly code: string | undefined;
  readonly what: string;
} {
  const found = /^error\[([a-z-]+)\]: ([\s\S]+?)\nfix: (.+)$/m.exec(stderr);
  const [, code, what = "", fix = ""] = found ?? [];
  const looksInternal = /\n\s+at \S|node:internal|error\[internal\]/.test(stdout + stderr);
  if (looksInternal || fix.trim() === "") throw new Error(`not an error for users:\n${stderr}`);
  return { exitCode, code, what };
}

function collect(child: ChildProcess, onLine: (line: string) => void): { stdout: string; stderr: string } {
  const output = { stdout: "", stderr: "" };
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  return output;
}
