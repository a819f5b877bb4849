/** A worker process as the daemon sees it: tasks in, results and news out, its end always noticed. */
import { type ChildProcess, fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import { LoftError, loftError } from "../base/errors.ts";
import type { FromWorker, TaskRequest, ToWorker, WorkerNews, WorkerPlaces, WorkerTasks } from "./worker-messages.ts";

export type WorkerSettings = {
  /** The bundled entry of worker processes. */
  readonly script: string;
  readonly places: WorkerPlaces;
  /** Told each line that the process writes to its streams. */
  readonly log: (line: string) => void;
};

export type WorkerProcess = {
  readonly pid: number | undefined;
  /** Do a task after those before it. Rejects with LoftError, "job-crashed" when the process ends before. */
  readonly perform: <Name extends keyof WorkerTasks>(
    name: Name,
    params: WorkerTasks[Name]["params"],
    control?: { readonly onNews?: (news: WorkerNews) => void; readonly signal?: AbortSignal },
  ) => Promise<WorkerTasks[Name]["result"]>;
  /** End it: at once where it is idle, after saving where it works. */
  readonly close: () => void;
  readonly kill: () => void;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  readonly isIdle: () => boolean;
};

type Pending = {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: LoftError) => void;
  readonly onNews: (news: WorkerNews) => void;
};

/** Start a worker process. */
export function startWorker({ script, places, log }: WorkerSettings): WorkerProcess {
  const child = fork(script, [], { stdio: ["ignore", "pipe", "pipe", "ipc"], env: workerEnvironment(), execArgv: [] });
  lowerPriority(child);
  const pending = new Map<number, Pending>();
  let count = 0;
  tellLines(child, log);
  child.on("message", (message: FromWorker) => settle(pending, message));
  const ended = new Promise<void>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      for (const { reject } of pending.values()) reject(crashed(code, signal));
      pending.clear();
      resolve();
    };
    child.on("exit", end);
    child.on("error", (error) => {
      log(String(error));
      if (child.pid === undefined) end(null, null);
    });
  });
  const post = (message: ToWorker) => {
    if (child.connected) child.send(message, () => undefined);
  };
  const perform: WorkerProcess["perform"] = (name, params, { onNews = () => undefined, signal } = {}) => {
    const id = ++count;
    const cancel = () => post({ type: "cancel", id });
    const result = new Promise<unknown>((resolve, reject) => {
      pending.set(id, { resolve, reject, onNews });
      if (!child.connected) settle(pending, { type: "failed", id, error: crashed(child.exitCode, child.signalCode) });
      post({ type: "start", id, task: { name, params } as TaskRequest, places });
      if (signal?.aborted) cancel();
      signal?.addEventListener("abort", cancel, { once: true });
    });
    return result.finally(() => signal?.removeEventListener("abort", cancel)) as Promise<never>;
  };
  return {
    pid: child.pid,
    perform,
    close: () => void (child.connected && child.disconnect()),
    kill: () => void child.kill("SIGKILL"),
    ended,
    isIdle: () => pending.size === 0,
  };
}

function settle(pending: Map<number, Pending>, message: FromWorker): void {
  const task = pending.get(message.id);
  if (task === undefined) return;
  if (message.type === "news") {
    task.onNews(message.news);
    return;
  }
  pending.delete(message.id);
  if (message.type === "done") task.resolve(message.result);
  else task.reject(new LoftError(message.error.code as LoftError["code"], message.error));
}

/** An editor's own variables would confuse programs that the runtime starts. */
function workerEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("VSCODE_") && (name !== "ELECTRON_RUN_AS_NODE" || "electron" in process.versions),
  );
  return Object.fromEntries(kept);
}

/** Work in the background gives way to the editor; a system that refuses is left as it is. */
function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // The process is already gone, or the system does not allow it.
  }
}

function tellLines(child: ChildProcess, log: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(-4_000);
      for (const line of lines) if (line.trim() !== "") log(line.slice(0, 4_000));
    });
    stream?.on("close", () => {
      if (rest.trim() !== "") log(rest);
    });
  }
}

/** A system that runs out of memory kills; JavaScript's machine, libraries and drivers end the process when they get none. */
const memorySignals: ReadonlySet<string> = new Set(["SIGKILL", "SIGABRT", "SIGTRAP", "SIGILL", "SIGBUS", "SIGSEGV"]);

/** The same as an exit code, as shells and Windows give it. */
const firstSignalCode = 128;

function crashed(code: number | null, signal: NodeJS.Signals | null): LoftError {
  const how = signal === null ? `with exit code ${code ?? "unknown"}` : `by ${signal}`;
  const isOfMemory = signal === null ? firstSignalCode <= (code ?? 0) : memorySignals.has(signal);
  const memory = isOfMemory ? " Most often memory has run out then." : "";
  return loftError("job-crashed", {
    what: `The process that did the work was ended ${how}; what was finished is kept.${memory}`,
    fix: 'Start it again: it goes on where it was. If it ends again, close other programs, make training.batchSize and sampling.batchSize smaller, or set "device": { "provider": "cpu" }.',
  });
}
