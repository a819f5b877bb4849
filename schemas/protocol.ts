/**
 * What an editor and the daemon say to each other beside the Language Server Protocol, as JSON-RPC 2.0 on the same
 * connection: names, parameters, results, events. Types and constants only. Paths are absolute on the daemon's machine
 * unless said otherwise; times are seconds, dates ISO 8601. Errors come back with code `loftErrorCode` and `LoftErrorData`.
 */
import type { RunEvent } from "./run-event.ts";

/** Raised when a client of the older protocol would misunderstand; both sides say it when they meet. */
export const protocolVersion = 1;

/** JSON-RPC error code of everything a user can mend; `data` is `LoftErrorData`. */
export const loftErrorCode = -32000;

/**
 * Characters of a configuration that is read at all; some ninety thousand classes. Checked on both sides, since a message
 * that is too long would end the connection: with six bytes for each character it fits still.
 */
export const longestConfig = 2_500_000;

export type LoftErrorData = { readonly code: string; readonly what: string; readonly fix: string };

/** Names one run folder on this machine: the first 16 hex digits of the SHA-256 of its real path. */
export type RunId = string;

export type RunState = "queued" | "running" | "cancelling" | "finished" | "interrupted" | "failed";

/** What was asked for last: a data set, or a data set and the table of classifiers trained on it. */
export type RunWork = "generate" | "evaluate";

/** A run as lists show it. */
export type RunSummary = {
  readonly run: RunId;
  readonly name: string;
  readonly folder: string;
  /** The configuration it was made from, where the daemon knows it. */
  readonly config?: string;
  readonly state: RunState;
  readonly work: RunWork;
  readonly progress?: RunProgress;
  /** Why it failed, for people. */
  readonly error?: LoftErrorData;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** It is interrupted, and nobody cancelled it: its process, the daemon or the machine was stopped. */
  readonly brokeOff?: boolean;
  /** The number of the latest event that this summary counts; `loft/watch` with it as `after` misses none. */
  readonly sequence: number;
};

/** While classifiers are trained `adapters` are classifiers, and there are no images. */
export type RunProgress = {
  readonly adaptersDone: number;
  readonly adapters: number;
  readonly imagesDone: number;
  readonly images: number;
  /** "loading" before the first event, "training" or "sampling" after, "evaluating" while classifiers are trained. */
  readonly stage: "loading" | "training" | "sampling" | "evaluating";
  /** Of adapters and images together, 0 to 1, weighted by time; the parts of an evaluation count alike. */
  readonly share: number;
  /** Of an evaluation only in its last part: nobody knows the others' time before. */
  readonly secondsLeft?: number;
  /** Null where training diverged: JSON has no NaN. */
  readonly loss?: number | null;
  readonly failed: number;
  readonly device?: string;
};

/**
 * An adapter's part in an image. `photoFile` is the real photo as the model saw it, relative to the run folder; of an
 * adapter that was trained on several photos `photo` says how many, and `photoFile` may be empty.
 */
export type SampleParent = {
  readonly adapterId: string;
  readonly weight: number;
  readonly photo: string;
  readonly photoFile: string;
};

/** `reject` leaves the image out of exports. */
export type Verdict = "keep" | "reject";

/** One image of a run; `file` is relative to the run folder and names the image in requests. */
export type Sample = {
  readonly file: string;
  readonly className: string;
  readonly index: number;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: number;
  readonly parents: readonly SampleParent[];
  /** Pixels. */
  readonly side: number;
  readonly verdict?: Verdict;
};

/** One class of a run: its images in the plan, those that are there, and its photos with the adapters trained on them. */
export type SampleClass = {
  readonly className: string;
  readonly folder: string;
  readonly planned: number;
  readonly samples: number;
  readonly photos: readonly PhotoAdapter[];
};

export type PhotoAdapter = {
  readonly adapterId: string;
  readonly photo: string;
  readonly photoFile: string;
  readonly trained: boolean;
};

export type PlanCost = {
  readonly adapters: number;
  readonly images: number;
  readonly adaptersDone: number;
  readonly imagesDone: number;
  /** For what is not done yet; left out where the machine is too small to measure it. */
  readonly secondsLeft?: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly device: string;
  readonly warnings: readonly { readonly what: string; readonly fix?: string }[];
};

export type DaemonStatus = {
  readonly version: string;
  readonly protocolVersion: number;
  readonly pid: number;
  readonly startedAt: string;
  /** Windows and command lines that are connected. */
  readonly clients: number;
  readonly running: number;
  readonly queued: number;
  readonly logFile: string;
};

export type ConfigParams = { readonly config: string };
export type RunParams = { readonly run: RunId };
export type SampleParams = RunParams & { readonly file: string };

export type StartParams = ConfigParams & {
  readonly part?: "everything" | "adapters" | "images";
  readonly keepGoing?: boolean;
  readonly onlyClasses?: readonly string[];
  readonly device?: string;
  /** The run folder instead of the configuration's, absolute. */
  readonly output?: string;
  /** Seconds of training that a killed process may lose. */
  readonly checkpointSeconds?: number;
};

/** The evaluation of a configuration, in its run folder. */
export type EvaluateParams = ConfigParams & {
  readonly device?: string;
  /** The id of the row that differences are measured from. */
  readonly reference?: string;
  /** Seconds of training that a killed process may lose. */
  readonly checkpointSeconds?: number;
};

/**
 * Every later event is sent as `loft/runEvent`. With `after`, the latest number that a client has seen, those since then
 * are sent too, before the answer, where the daemon still holds them.
 */
export type WatchParams = RunParams & { readonly after?: number };

/**
 * The state at `sequence`: later events have higher numbers, none is lost and none comes twice. Count the files that
 * `images-finished` names, not the events: an image that is made anew keeps its name.
 */
export type WatchResult = {
  readonly sequence: number;
  /** Every event after `after` was or will be sent (training steps aside); else start anew from this state. */
  readonly resumed: boolean;
  readonly summary: RunSummary;
  readonly classes: readonly SampleClass[];
};

export type SamplesParams = RunParams & {
  readonly className?: string;
  readonly offset: number;
  /** At most 1,000. */
  readonly limit: number;
};

export type SamplesResult = { readonly total: number; readonly samples: readonly Sample[] };

/** Mean losses of consecutive steps, at most 200 points a curve. */
export type LossCurve = {
  readonly adapterId: string;
  readonly className: string;
  readonly photo: string;
  readonly points: readonly { readonly step: number; readonly loss: number }[];
};

/** Sample one image of a class with these adapters; `seed` names its noise. Nothing is written. */
export type FuseParams = RunParams & {
  readonly className: string;
  readonly adapters: readonly { readonly adapterId: string; readonly weight: number }[];
  readonly seed: number;
};

/** A PNG, base64. */
export type FuseResult = { readonly png: string; readonly side: number; readonly seconds: number };

export type ReplayResult = {
  /** The same pixels, or how far they are off, in levels of 255. */
  readonly same: boolean;
  readonly differingValues: number;
  readonly largestDifference: number;
};

/** Parameters and results by request name. */
export type Requests = {
  "loft/hello": {
    readonly params: { readonly version: string; readonly protocolVersion: number };
    readonly result: DaemonStatus;
  };
  "loft/status": { readonly params: Record<string, never>; readonly result: DaemonStatus };
  /** A configuration for a folder of photos: the text that `loft init` would write, and where. */
  "loft/newConfig": {
    readonly params: { readonly folder: string };
    readonly result: { readonly file: string; readonly text: string };
  };
  "loft/planCost": { readonly params: ConfigParams; readonly result: PlanCost };
  /** The plan as `loft plan` prints it. */
  "loft/planText": { readonly params: ConfigParams; readonly result: { readonly text: string } };
  "loft/start": { readonly params: StartParams; readonly result: RunSummary };
  /** Make what is missing of the images, train the classifiers, write the results; in the queue as `loft/start`. */
  "loft/evaluate": { readonly params: EvaluateParams; readonly result: RunSummary };
  /** Stops a run so that it can go on; answers at once, the state becomes "interrupted" later. */
  "loft/cancel": { readonly params: RunParams; readonly result: RunSummary };
  /** Runs of these configurations, and every run that the daemon started and still knows. */
  "loft/runs": { readonly params: { readonly configs: readonly string[] }; readonly result: readonly RunSummary[] };
  /** Make a run folder on disk known, to look at it. */
  "loft/openRun": { readonly params: { readonly folder: string }; readonly result: RunSummary };
  "loft/watch": { readonly params: WatchParams; readonly result: WatchResult };
  "loft/unwatch": { readonly params: RunParams; readonly result: null };
  "loft/samples": { readonly params: SamplesParams; readonly result: SamplesResult };
  /** The image's line of the dataset's metadata, or what of it is known while the run goes on. */
  "loft/manifestRow": { readonly params: SampleParams; readonly result: { readonly row: string } };
  "loft/losses": { readonly params: RunParams; readonly result: { readonly curves: readonly LossCurve[] } };
  "loft/fuse": { readonly params: FuseParams; readonly result: FuseResult };
  "loft/replay": { readonly params: SampleParams; readonly result: ReplayResult };
  /** Append to the run's `curation.jsonl`; null takes a verdict back. */
  "loft/curate": {
    readonly params: SampleParams & { readonly verdict: Verdict | null };
    readonly result: null;
  };
  /** Remove the run folder from disk; refused while it runs. */
  "loft/deleteRun": { readonly params: RunParams; readonly result: null };
  /** End the daemon: with `drain` after the running jobs saved and stopped, else only where none is at work. */
  "loft/shutdown": { readonly params: { readonly drain: boolean }; readonly result: null };
  /** Versions, providers, queue; no path of the user. */
  "loft/report": { readonly params: Record<string, never>; readonly result: { readonly text: string } };
};

export type RequestName = keyof Requests;

/** Notifications from the daemon. */
export type Notifications = {
  /** An event of a watched run; `sequence` rises by one, where no training steps are left out; others never are. */
  "loft/runEvent": { readonly run: RunId; readonly sequence: number; readonly event: RunEvent };
  /** The plan of a watched run is made: its classes as `loft/watch` would now answer. */
  "loft/runPlanned": { readonly run: RunId; readonly classes: readonly SampleClass[] };
  /** A run's state or progress changed; at most ten a second per run, the last one always. */
  "loft/runChanged": RunSummary;
};

export type NotificationName = keyof Notifications;
