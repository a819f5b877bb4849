/** All runs of the daemon: starts them one after another per device, follows them, and remembers them. */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { EvaluateParams, LoftErrorData, RunId, RunSummary, StartParams } from "../../schemas/protocol.ts";
import { LoftError, loftError } from "../base/errors.ts";
import { readConfigFile } from "./config-file.ts";
import { runInJob } from "./job-process.ts";
import { isActive, type JobEvent, nextState } from "./job-state.ts";
import { type KnownRun, knownRun, refreshFromDisk, registeredRun, summaryOf } from "./known-run.ts";
import { begun, dequeued, enqueued, nextToBegin, type Queue } from "./queue.ts";
import { removeRun } from "./remove-run.ts";
import { requireTestFolder } from "./require-test-folder.ts";
import { inRun, refuseForeignFolder, runPaths } from "./run-folder.ts";
import { realFolder, runIdOf } from "./run-id.ts";
import { type RegisteredRun, readRunRegistry, writeRunRegistry } from "./run-registry.ts";
import { createThrottle, type Throttle } from "./throttle.ts";
import type { JobTask, WorkerNews } from "./worker-messages.ts";
import type { WorkerSettings } from "./worker-process.ts";

export type RunsSettings = {
  readonly worker: WorkerSettings;
  /** Undefined remembers nothing beyond the life of the daemon. */
  readonly registryFile: string | undefined;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** A job that was cancelled and does not stop is killed after so long. */
  readonly graceMilliseconds: number;
};

/** More waiting runs than anyone means to start. */
const longestQueue = 100;

/** Between two summaries of the same run. */
const changePause = 100;

/** A run that waits or works. */
type Job = {
  readonly run: KnownRun;
  readonly task: JobTask;
  readonly controller: AbortController;
  /** As the configuration or the client asks for it. */
  readonly device: string;
  /** ONNX Runtime's provider, once the run has told it. */
  provider?: string;
  /** Why it is tried a second time. */
  readonly crash?: LoftErrorData;
};

/** Make one with `openRuns`. */
export class Runs {
  readonly #settings: RunsSettings;
  readonly #runs = new Map<RunId, KnownRun>();
  readonly #jobs = new Map<RunId, Job>();
  readonly #changes = new Map<RunId, Throttle>();
  readonly #listeners = new Set<(summary: RunSummary) => void>();
  #queue: Queue = [];
  #isDraining = false;
  #saved: Promise<void> = Promise.resolve();
  #idle: (() => void)[] = [];

  constructor(settings: RunsSettings, registered: readonly RegisteredRun[]) {
    this.#settings = settings;
    for (const one of registered) {
      const run = knownRun(one.root, one.config);
      const { name, state, work = "generate", error, startedAt, endedAt } = one;
      const lostDaemon = one.brokeOff === true || state === "running" || state === "queued";
      Object.assign(run, { name, state, work, lostDaemon, error, startedAt, endedAt });
      this.#add(run);
    }
  }

  /** Runs at work and runs that wait. */
  get counts(): { readonly running: number; readonly queued: number } {
    const working = this.#queue.filter(({ state }) => state === "working").length;
    return { running: working, queued: this.#queue.length - working };
  }

  /** Hear of every change of a run's state or progress, at most ten times a second a run, the last one always. */
  onChanged(listener: (summary: RunSummary) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * A run by its id.
   * @throws LoftError "run-unknown"
   */
  get(id: RunId): KnownRun {
    const run = this.#runs.get(id);
    if (run !== undefined) return run;
    throw loftError("run-unknown", {
      what: `The daemon knows no run ${id}.`,
      fix: "Show the list of runs again; a run folder that was moved or deleted must be opened at its new place.",
    });
  }

  /** The runs of configurations, and those the daemon knows, as they are now. A folder that is gone is forgotten. */
  async list(configs: readonly string[]): Promise<readonly RunSummary[]> {
    for (const config of configs) await this.#findRunOf(config);
    const found = await Promise.all([...this.#runs.values()].map((run) => this.#look(run)));
    return found.filter((run) => run !== undefined).map(summaryOf);
  }

  /**
   * Know a run folder.
   * @throws LoftError "run-unknown" when it is none
   */
  async open(folder: string): Promise<RunSummary> {
    const root = await realFolder(folder);
    if (!(await isRunFolder(root))) throw noRunFolder(folder);
    const run = this.#know(root, undefined);
    await refreshFromDisk(run);
    return summaryOf(run);
  }

  /**
   * Start the run of a configuration, or put it at the end of the queue.
   * @throws LoftError "config-missing", "config-invalid", "run-locked" when it is already at work, "daemon-busy"
   */
  async start(params: StartParams): Promise<RunSummary> {
    const { config, output, part = "everything", keepGoing = false, onlyClasses = [] } = params;
    const { device, checkpointSeconds } = params;
    return this.#enqueue({ config, output, device }, (root) => ({
      name: "run",
      params: {
        ...{ config, root, part, keepGoing, onlyClasses },
        ...(device === undefined ? {} : { device }),
        ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
      },
    }));
  }

  /**
   * Start the evaluation of a configuration, or put it at the end of the queue.
   * @throws LoftError as `start`
   */
  async evaluate(params: EvaluateParams): Promise<RunSummary> {
    const { config, device } = params;
    // The run that is there stays what it is when there is nothing to evaluate it on.
    requireTestFolder((await readConfigFile(config)).resolution.config);
    return this.#enqueue({ config, device, output: undefined }, () => ({ name: "evaluate", params }));
  }

  async #enqueue(
    { config, output, device }: { config: string; output: string | undefined; device: string | undefined },
    taskFor: (root: string) => JobTask,
  ): Promise<RunSummary> {
    const { resolution } = await readConfigFile(config);
    const root = await realFolder(output ?? resolve(dirname(config), resolution.config.output.folder));
    await refuseForeignFolder(root);
    if (this.#jobs.has(runIdOf(root))) throw alreadyActive(root);
    if (this.#isDraining) throw daemonEnds();
    if (longestQueue <= this.#queue.length) throw queueFull();
    const run = this.#know(root, config);
    const task = taskFor(root);
    run.name = resolution.config.name;
    run.work = task.name === "evaluate" ? "evaluate" : "generate";
    const wanted = device ?? resolution.config.device.provider;
    this.#jobs.set(run.id, { run, task, controller: new AbortController(), device: wanted });
    Object.assign(run, { isOurs: true, error: undefined, endedAt: undefined, startedAt: new Date().toISOString() });
    this.#move(run, "enqueue");
    const summary = summaryOf(run);
    this.#queue = enqueued(this.#queue, run.id, wanted);
    this.#beginNext();
    return { ...summary, state: run.state };
  }

  /**
   * Stop a run so that it can go on. A run that is not active stays as it is.
   * @throws LoftError "run-locked" when another process carries it out
   */
  cancel(id: RunId): RunSummary {
    const run = this.get(id);
    const job = this.#jobs.get(id);
    if (job === undefined && isActive(run.state)) throw runsElsewhere(run.root);
    if (job === undefined) return summaryOf(run);
    const isWaiting = run.state === "queued";
    this.#move(run, "cancel");
    if (isWaiting) this.#leave(run);
    else job.controller.abort();
    return summaryOf(run);
  }

  /**
   * Remove a run from disk.
   * @throws LoftError "run-locked" while it runs, here or elsewhere
   */
  async remove(id: RunId): Promise<void> {
    const run = this.get(id);
    await refreshFromDisk(run);
    if (isActive(run.state)) throw alreadyActive(run.root);
    if (!(await isRunFolder(run.root))) throw noRunFolder(run.root);
    await removeRun(run.root);
    this.#runs.delete(id);
    this.#save();
  }

  /** Cancel everything and wait until it is saved. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const { run } of [...this.#jobs.values()]) this.cancel(run.id);
    if (0 < this.#jobs.size) await new Promise<void>((done) => this.#idle.push(done));
    await this.#saved;
  }

  #beginNext(): void {
    for (let id = nextToBegin(this.#queue); id !== undefined; id = nextToBegin(this.#queue)) {
      this.#queue = begun(this.#queue, id);
      const job = this.#jobs.get(id) as Job;
      this.#move(job.run, "begin");
      this.#carryOut(job).catch((error: unknown) => this.#settings.log("job ended badly", { error: String(error) }));
    }
  }

  async #carryOut(job: Job): Promise<void> {
    const { run, task, controller } = job;
    const { worker, graceMilliseconds, log } = this.#settings;
    log("job begins", { run: run.id });
    let end: JobEvent = "finish";
    try {
      await run.files.refresh();
      const onNews = (news: WorkerNews) => this.#hear(job, news);
      await runInJob(worker, task, { onNews, signal: controller.signal, graceMilliseconds });
    } catch (error) {
      const data = errorData(error);
      end = data.code === "interrupted" ? "interrupt" : "fail";
      if (end === "fail") run.error = job.crash === undefined ? data : crashedTwice(data, job.crash);
    }
    // What the job wrote was told already.
    await run.journal.follow(() => undefined).catch(() => undefined);
    run.isSeen = true;
    log("job ended", { run: run.id, end, ...(run.error === undefined ? {} : { error: run.error }) });
    if (!this.#isDraining && isWorthTheCpu(job)) return this.#againOnCpu(job);
    // Whoever hears the end may start it again at once.
    this.#jobs.delete(run.id);
    this.#move(run, end);
    this.#leave(run);
  }

  /** Behind those that wait already; it goes on where it was. */
  #againOnCpu({ run, task, controller, device, provider }: Job): void {
    const crash = run.error as LoftErrorData;
    this.#jobs.set(run.id, { run, task: onCpu(task), controller, device: "cpu", crash });
    run.error = undefined;
    this.#settings.log("job is tried again on the CPU", { run: run.id, device: provider ?? device });
    run.stream.publish({
      type: "warning",
      what: `The run broke off on ${provider ?? device} and is tried once more on the CPU. ${crash.what}`,
      fix: 'If that happens again, set "device": { "provider": "cpu" }.',
    });
    this.#move(run, "requeue");
    this.#queue = enqueued(dequeued(this.#queue, run.id), run.id, "cpu");
    this.#beginNext();
  }

  #hear(job: Job, news: WorkerNews): void {
    const { run } = job;
    if (news.type === "planned") {
      run.planned = news.classes;
      for (const listener of [...run.onPlanned]) listener();
      return;
    }
    const own = news.event.type === "evaluation" ? news.event.event : news.event;
    if (own.type === "run-started") job.provider = own.provider;
    run.files.add(news.event);
    run.stream.publish(news.event);
    this.#changed(run);
  }

  #leave(run: KnownRun): void {
    this.#queue = dequeued(this.#queue, run.id);
    this.#jobs.delete(run.id);
    this.#save();
    this.#beginNext();
    if (this.#jobs.size === 0) for (const done of this.#idle.splice(0)) done();
  }

  #move(run: KnownRun, event: JobEvent): void {
    const state = nextState(run.state, event);
    if (state === undefined) throw new Error(`a run that is ${run.state} cannot ${event}`);
    run.state = state;
    if (!isActive(state)) {
      run.endedAt = new Date().toISOString();
      run.lostDaemon = this.#isDraining;
      run.told = { ...run.told, isCutOff: false };
    }
    this.#changed(run);
    this.#save();
  }

  #changed(run: KnownRun): void {
    const tell = () => {
      const summary = summaryOf(run);
      for (const listener of [...this.#listeners]) listener(summary);
    };
    const throttle = this.#changes.get(run.id) ?? createThrottle(changePause, tell);
    this.#changes.set(run.id, throttle);
    throttle.ask();
  }

  #know(root: string, config: string | undefined): KnownRun {
    const id = runIdOf(root);
    const run = this.#runs.get(id) ?? knownRun(root, config);
    if (config !== undefined) run.config = config;
    this.#add(run);
    return run;
  }

  #add(run: KnownRun): void {
    run.changed = () => this.#changed(run);
    this.#runs.set(run.id, run);
  }

  /** The run of a configuration, where its folder is there; what is wrong with the file is told elsewhere. */
  async #findRunOf(config: string): Promise<void> {
    const found = await readConfigFile(config).catch(() => undefined);
    if (found === undefined) return;
    const root = await realFolder(resolve(dirname(config), found.resolution.config.output.folder));
    if (await isRunFolder(root)) this.#know(root, config);
  }

  async #look(run: KnownRun): Promise<KnownRun | undefined> {
    if (this.#jobs.has(run.id)) return run;
    if (await isRunFolder(run.root)) {
      await refreshFromDisk(run);
      return run;
    }
    // A run that failed before it wrote anything is still worth showing, until the daemon ends.
    const hadFolder = run.stream.progress().stage !== "loading";
    if (run.isOurs && !hadFolder) return run;
    this.#runs.delete(run.id);
    return undefined;
  }

  #save(): void {
    const { registryFile, log } = this.#settings;
    if (registryFile === undefined) return;
    this.#saved = this.#saved
      .then(() => writeRunRegistry(registryFile, [...this.#runs.values()].map(registeredRun)))
      .catch((error: unknown) => log("the list of runs cannot be written", { error: String(error) }));
  }
}

function onCpu(task: JobTask): JobTask {
  return { ...task, params: { ...task.params, device: "cpu" } } as JobTask;
}

/** The runs of a daemon that starts, with those that earlier ones left. */
export async function openRuns(settings: RunsSettings): Promise<Runs> {
  const { registryFile } = settings;
  return new Runs(settings, registryFile === undefined ? [] : await readRunRegistry(registryFile));
}

function errorData(error: unknown): LoftErrorData {
  if (error instanceof LoftError) return { code: error.code, what: error.what, fix: error.fix };
  const what = error instanceof Error ? error.message : String(error);
  return { code: "internal", what, fix: "This is a mistake in LoFT: please report it with `loft daemon logs`." };
}

/** A crash of a driver or a device's memory says nothing about the CPU; a second one does, and so does one on the CPU. */
function isWorthTheCpu({ run, controller, device, provider, crash }: Job): boolean {
  const isFirstCrash = run.error?.code === "job-crashed" && crash === undefined;
  return isFirstCrash && !controller.signal.aborted && (provider ?? device) !== "cpu";
}

function crashedTwice(error: LoftErrorData, crash: LoftErrorData): LoftErrorData {
  return { ...error, what: `${error.what} This was the second try, on the CPU; before: ${crash.what}` };
}

async function isRunFolder(root: string): Promise<boolean> {
  return stat(inRun(root, runPaths.internal)).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function noRunFolder(folder: string) {
  return loftError("run-unknown", {
    what: `${folder} is not a run folder of LoFT.`,
    fix: "Choose the folder that holds data/, adapters/ and .loft/ of a run.",
  });
}

function alreadyActive(root: string) {
  return loftError("run-locked", {
    what: `The run in ${root} is already at work or waiting.`,
    fix: "Wait until it is done, or cancel it first.",
  });
}

function runsElsewhere(root: string) {
  return loftError("run-locked", {
    what: `Another process carries out the run in ${root}.`,
    fix: "Stop it where it was started, with Ctrl-C: it can be resumed from anywhere.",
  });
}

function daemonEnds() {
  return loftError("daemon-busy", {
    what: "The daemon is about to end.",
    fix: "Try again: the next one starts at once.",
  });
}

function queueFull() {
  return loftError("daemon-busy", {
    what: `${longestQueue} runs are waiting already.`,
    fix: "Wait until some are done, or cancel those that are not needed.",
  });
}
