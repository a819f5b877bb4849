/** A run that the daemon knows: where it is, what it does, and its events. */
import { basename } from "node:path";
import type {
  LoftErrorData,
  RunId,
  RunState,
  RunSummary,
  RunWork,
  Sample,
  SampleClass,
} from "../../schemas/protocol.ts";
import type { RunEvent } from "../../schemas/run-event.ts";
import { isLockHeld } from "../base/process-lock.ts";
import { isActive } from "./job-state.ts";
import { type JournalCursor, openJournalCursor } from "./journal-cursor.ts";
import { openRunFiles, type RunFiles } from "./run-files.ts";
import { inRun, readRun, runPaths } from "./run-folder.ts";
import { runIdOf } from "./run-id.ts";
import type { RegisteredRun } from "./run-registry.ts";
import { createRunStream, type RunStream } from "./run-stream.ts";
import { nothingTold, type ToldState, toldAfter } from "./told-state.ts";

/** One object a run for the life of the daemon; only this folder changes it. */
export type KnownRun = {
  readonly id: RunId;
  /** Real path. */
  readonly root: string;
  readonly stream: RunStream;
  readonly files: RunFiles;
  /** Events that a process outside of this daemon writes. */
  readonly journal: JournalCursor<RunEvent>;
  name: string;
  config: string | undefined;
  state: RunState;
  work: RunWork;
  /** What the events of its journal say, as far as they were read. */
  told: ToldState;
  /** If it is interrupted, then because a daemon ended. */
  lostDaemon: boolean;
  error: LoftErrorData | undefined;
  startedAt: string | undefined;
  endedAt: string | undefined;
  /** What its images say of themselves, as far as it was read, oldest first. */
  readonly samples: Map<string, Sample>;
  /** The classes of the plan, once a job told them. */
  planned: readonly SampleClass[] | undefined;
  /** Call when its state or progress is new. */
  changed: () => void;
  /** Called when `planned` is new. */
  readonly onPlanned: Set<() => void>;
  /** Whether its state is this daemon's to say: it was started here. Others are looked up on disk. */
  isOurs: boolean;
  /** Whether its folder was looked at before. */
  isSeen: boolean;
};

/** A run that was just heard of. */
export function knownRun(root: string, config: string | undefined): KnownRun {
  return {
    id: runIdOf(root),
    root,
    stream: createRunStream(),
    files: openRunFiles(root),
    journal: openJournalCursor(inRun(root, runPaths.events)),
    name: basename(root),
    config,
    state: "interrupted",
    work: "generate",
    told: nothingTold,
    lostDaemon: false,
    error: undefined,
    startedAt: undefined,
    endedAt: undefined,
    samples: new Map(),
    planned: undefined,
    changed: () => undefined,
    onPlanned: new Set(),
    isOurs: false,
    isSeen: false,
  };
}

/** The run as lists show it. */
export function summaryOf(run: KnownRun): RunSummary {
  const { id, name, root, config, state, work, error, startedAt, endedAt, stream } = run;
  const progress = stream.progress();
  return {
    run: id,
    name,
    folder: root,
    ...(config === undefined ? {} : { config }),
    state,
    work,
    ...(isActive(state) || progress.stage !== "loading" ? { progress } : {}),
    ...(error === undefined ? {} : { error }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(brokeOff(run) ? { brokeOff: true } : {}),
    sequence: stream.sequence(),
  };
}

/** Interrupted, and by nobody's wish: with its daemon, or without a word in its journal. */
function brokeOff({ state, lostDaemon, told }: KnownRun): boolean {
  return state === "interrupted" && (lostDaemon || told.isCutOff);
}

/** What the registry keeps of a run. */
export function registeredRun(run: KnownRun): RegisteredRun {
  const { root, name, config, state, work, error, startedAt, endedAt } = run;
  return {
    root,
    name,
    state,
    work,
    ...(brokeOff(run) ? { brokeOff: true } : {}),
    ...(config === undefined ? {} : { config }),
    ...(error === undefined ? {} : { error }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

/**
 * Bring a run that this daemon does not carry out up to date with its folder: images, events and state, whoever made
 * them. Later events are told to those who watch it.
 */
export async function refreshFromDisk(run: KnownRun): Promise<void> {
  if (run.isOurs && isActive(run.state)) return;
  const isHeld = await isLockHeld(inRun(run.root, runPaths.lock)).catch(() => false);
  await run.files.refresh();
  let told: ToldState = { ...run.told, state: undefined };
  // A run may be started here while the disk is read.
  const isStartedHere = () => run.isOurs && isActive(run.state);
  const count = await run.journal.follow((events) => {
    if (isStartedHere()) return;
    for (const event of events) run.stream.publish(event);
    told = events.reduce(toldAfter, told);
  });
  if (isStartedHere()) return;
  run.told = told;
  if (told.state !== undefined) run.work = told.work;
  const before = run.state;
  // What a failed run wrote last is its beginning; why it failed the registry knows.
  const isStillFailed = run.state === "failed" && !run.isSeen && told.isCutOff;
  run.isSeen = true;
  if (isHeld) run.state = "running";
  else if (told.state !== undefined && !isStillFailed) run.state = told.state;
  else if (isActive(run.state)) run.state = "interrupted";
  if (run.state !== "failed") run.error = undefined;
  if (0 < count || run.state !== before) run.changed();
  const record = run.name === basename(run.root) ? await readRun(run.root).catch(() => undefined) : undefined;
  const { name } = (record?.config ?? {}) as { readonly name?: unknown };
  if (typeof name === "string") run.name = name;
}
