/**
 * What the Samples page and the extension say to each other through `postMessage`, with the checks that both sides make
 * on everything they receive. The only file of webviews/samples that the extension imports; knows no DOM.
 *
 * How it goes: the page sends `ready` whenever it wants the whole state (after loading, after being hidden) and the host
 * answers with `snapshot`. From then on the host passes on `run` and `events` of that run, with sequence numbers above
 * the snapshot's, gathered to at most ten messages a second. The page's requests name no run: the host adds the one the
 * panel shows. Each `request` gets exactly one `response` or `failure` with its id, in any order.
 */
import type {
  FuseParams,
  FuseResult,
  LoftErrorData,
  LossCurve,
  ReplayResult,
  RunProgress,
  RunSummary,
  Sample,
  SampleClass,
  SampleParams,
  SamplesParams,
  SamplesResult,
  Verdict,
} from "../../schemas/protocol.ts";
import type { RunEvent } from "../../schemas/run-event.ts";
import {
  type Check,
  isCount,
  isEither,
  isFlag,
  isList,
  isNull,
  isNumber,
  isObject,
  isOneOf,
  isRelativePath,
  isTagged,
  isText,
} from "../shared/check.ts";
import {
  answerChecks,
  isErrorData,
  isNoParams,
  isPageMessage,
  isUnknown,
  type NoParams,
} from "../shared/page-messages.ts";

/** `viewType` of the panel: `loft.samples`. */
export const samplesViewType = "loft.samples";

export type Tab = "samples" | "training" | "pairs";

export type VerdictFilter = "all" | "keep" | "reject" | "open";

/** What `setState` keeps and `deserializeWebviewPanel` gets: ids and choices, no data. */
export type PageState = {
  readonly run: string;
  readonly tab: Tab;
  /** Class shown; absent is all. */
  readonly className?: string;
  readonly verdict: VerdictFilter;
  /** Pixels of a thumbnail's side. */
  readonly thumbnail: number;
  /** `file` of the selected sample. */
  readonly selected?: string;
};

/** Parameters and results of what the page may ask for. */
export type PageRequests = {
  /** `loft/samples`. */
  readonly samples: { readonly params: Omit<SamplesParams, "run">; readonly result: SamplesResult };
  /** `loft/losses`. */
  readonly losses: { readonly params: NoParams; readonly result: { readonly curves: readonly LossCurve[] } };
  /** `loft/fuse`. */
  readonly fuse: { readonly params: Omit<FuseParams, "run">; readonly result: FuseResult };
  /** `loft/replay`. */
  readonly replay: { readonly params: FileParams; readonly result: ReplayResult };
  /** `loft/curate`. */
  readonly curate: { readonly params: FileParams & { readonly verdict: Verdict | null }; readonly result: null };
  /** `loft/manifestRow`, into the clipboard; the page says that it is there. */
  readonly copyRow: { readonly params: FileParams; readonly result: null };
  /** Open the picture in an editor of its own. */
  readonly openImage: { readonly params: FileParams; readonly result: null };
  /** `loft/cancel`. */
  readonly cancel: { readonly params: NoParams; readonly result: null };
  /** `loft/start` with the run's configuration; refused where `canResume` is false. */
  readonly resume: { readonly params: NoParams; readonly result: null };
  /** The table of the run's evaluation. */
  readonly openResults: { readonly params: NoParams; readonly result: null };
  /** The extension's log. */
  readonly showLog: { readonly params: NoParams; readonly result: null };
};

export type FileParams = Omit<SampleParams, "run">;
export type PageRequestName = keyof PageRequests;
export type PageParams<N extends PageRequestName> = PageRequests[N]["params"];
export type PageResult<N extends PageRequestName> = PageRequests[N]["result"];

/** A request with its own name's parameters. */
export type PageRequest = {
  [N in PageRequestName]: {
    readonly type: "request";
    /** Rises by one for each request of a page. */
    readonly id: number;
    readonly name: N;
    readonly params: PageParams<N>;
  };
}[PageRequestName];

export type PageMessage = { readonly type: "ready" } | PageRequest;

/** The whole state at `sequence`: replaces everything the page knew, samples excepted (it asks for those). */
export type Snapshot = {
  readonly type: "snapshot";
  readonly sequence: number;
  readonly run: RunSummary;
  readonly classes: readonly SampleClass[];
  /** `asWebviewUri` of the run folder, without a slash at the end: the page adds encoded relative files. */
  readonly base: string;
  /** The configuration is known and the workspace trusted: the run can be started again. */
  readonly canResume: boolean;
};

export type HostMessage =
  | Snapshot
  | { readonly type: "run"; readonly run: RunSummary; readonly canResume: boolean }
  /** Events in order; `sequence` is that of the last. All kinds may be passed on: the page drops what it need not know. */
  | { readonly type: "events"; readonly sequence: number; readonly events: readonly unknown[] }
  /** The daemon is away (or the run cannot be read); null when it is back, followed by a snapshot. */
  | { readonly type: "problem"; readonly error: LoftErrorData | null }
  /** Bring this to the front, for commands of the extension. */
  | { readonly type: "show"; readonly tab: Tab; readonly file?: string }
  | { readonly type: "response"; readonly id: number; readonly result: unknown }
  | { readonly type: "failure"; readonly id: number; readonly error: LoftErrorData };

/** The events that the page uses. */
export type PageEvent = Extract<
  RunEvent,
  { type: "adapter-group-started" | "training-step" | "adapter-finished" | "images-finished" | "task-failed" }
>;

/** Undefined for anything that no page of ours sends. */
export function readPageMessage(value: unknown): PageMessage | undefined {
  return isSamplesPageMessage(value) ? value : undefined;
}

/** Undefined for anything that no host of ours sends. */
export function readHostMessage(value: unknown): HostMessage | undefined {
  return isHostMessage(value) ? value : undefined;
}

/** Undefined when the state is from another version or was tampered with; what is left out of it becomes the default. */
export function readPageState(value: unknown): PageState | undefined {
  return isPageState(value) ? value : undefined;
}

/** Undefined when the result is not one of this request. */
export function readResult<N extends PageRequestName>(name: N, value: unknown): PageResult<N> | undefined {
  const check = resultChecks[name] as Check<PageResult<N>>;
  return check(value) ? value : undefined;
}

/** The events that the page uses, in order; others are left out. */
export function readPageEvents(values: readonly unknown[]): readonly PageEvent[] {
  return values.filter(isPageEvent);
}

/** Largest page of samples that may be asked for. */
export const samplesPageSize = 1000;

export const thumbnailSizes = [64, 96, 128, 192, 256] as const;

const isVerdict = isOneOf<Verdict>("keep", "reject");
const isTab = isOneOf<Tab>("samples", "training", "pairs");
const isRunId: Check<string> = (value): value is string => isText(value) && /^[0-9a-f]{16}$/.test(value);
const isFileParams = isObject<FileParams>({ file: isRelativePath });

const isPageState = isObject<PageState>(
  { run: isRunId, tab: isTab, verdict: isOneOf<VerdictFilter>("all", "keep", "reject", "open"), thumbnail: isNumber },
  { className: isText, selected: isRelativePath },
);

const paramsChecks: { readonly [N in PageRequestName]: Check<PageParams<N>> } = {
  samples: isObject<Omit<SamplesParams, "run">>(
    {
      offset: isCount,
      limit: (value): value is number => isCount(value) && 1 <= value && value <= samplesPageSize,
    },
    { className: isText },
  ),
  losses: isNoParams,
  fuse: isObject<Omit<FuseParams, "run">>({
    className: isText,
    adapters: isList(isObject<FuseParams["adapters"][number]>({ adapterId: isText, weight: isNumber }), 16),
    seed: isCount,
  }),
  replay: isFileParams,
  curate: isObject<PageParams<"curate">>({ file: isRelativePath, verdict: isEither(isVerdict, isNull) }),
  copyRow: isFileParams,
  openImage: isFileParams,
  cancel: isNoParams,
  resume: isNoParams,
  openResults: isNoParams,
  showLog: isNoParams,
};

const isSamplesPageMessage = isPageMessage<PageMessage>(paramsChecks);

const isSample = isObject<Sample>(
  {
    file: isRelativePath,
    className: isText,
    index: isCount,
    prompt: isText,
    negativePrompt: isText,
    seed: isNumber,
    parents: isList(
      isObject<Sample["parents"][number]>({
        adapterId: isText,
        weight: isNumber,
        photo: isText,
        photoFile: isRelativePath,
      }),
    ),
    side: isNumber,
  },
  { verdict: isVerdict },
);

const isSampleClass = isObject<SampleClass>({
  className: isText,
  folder: isText,
  planned: isCount,
  samples: isCount,
  photos: isList(
    isObject<SampleClass["photos"][number]>({
      adapterId: isText,
      photo: isText,
      photoFile: isRelativePath,
      trained: isFlag,
    }),
  ),
});

const isProgress = isObject<RunProgress>(
  {
    adaptersDone: isCount,
    adapters: isCount,
    imagesDone: isCount,
    images: isCount,
    stage: isOneOf("loading", "training", "sampling", "evaluating"),
    share: isNumber,
    failed: isCount,
  },
  { secondsLeft: isNumber, loss: isEither(isNumber, isNull), device: isText },
);

const isRunSummary = isObject<RunSummary>(
  {
    run: isRunId,
    name: isText,
    folder: isText,
    state: isOneOf("queued", "running", "cancelling", "finished", "interrupted", "failed"),
    work: isOneOf("generate", "evaluate"),
    sequence: isCount,
  },
  { config: isText, progress: isProgress, error: isErrorData, startedAt: isText, endedAt: isText, brokeOff: isFlag },
);

const isLossCurve = isObject<LossCurve>({
  adapterId: isText,
  className: isText,
  photo: isText,
  points: isList(isObject<LossCurve["points"][number]>({ step: isCount, loss: isNumber })),
});

const resultChecks: { readonly [N in PageRequestName]: Check<PageResult<N>> } = {
  samples: isObject<SamplesResult>({ total: isCount, samples: isList(isSample, samplesPageSize) }),
  losses: isObject<PageResult<"losses">>({ curves: isList(isLossCurve) }),
  fuse: isObject<FuseResult>({
    png: (value): value is string => isText(value) && /^[A-Za-z0-9+/]+={0,2}$/.test(value),
    side: isNumber,
    seconds: isNumber,
  }),
  replay: isObject<ReplayResult>({ same: isFlag, differingValues: isCount, largestDifference: isNumber }),
  curate: isNull,
  copyRow: isNull,
  openImage: isNull,
  cancel: isNull,
  resume: isNull,
  openResults: isNull,
  showLog: isNull,
};

const isHostMessage = isTagged<HostMessage>({
  snapshot: isObject<Snapshot>({
    type: isOneOf("snapshot"),
    sequence: isCount,
    run: isRunSummary,
    classes: isList(isSampleClass),
    base: isText,
    canResume: isFlag,
  }),
  run: isObject({ type: isOneOf("run"), run: isRunSummary, canResume: isFlag }),
  events: isObject({ type: isOneOf("events"), sequence: isCount, events: isList(isUnknown) }),
  problem: isObject({ type: isOneOf("problem"), error: isEither(isErrorData, isNull) }),
  show: isObject<Extract<HostMessage, { type: "show" }>>(
    { type: isOneOf("show"), tab: isTab },
    { file: isRelativePath },
  ),
  ...answerChecks,
});

const isPageEvent = isTagged<PageEvent>({
  "adapter-group-started": isObject<Extract<PageEvent, { type: "adapter-group-started" }>>({
    type: isOneOf("adapter-group-started"),
    group: isText,
    adapters: isList(isText),
    step: isCount,
    steps: isCount,
  }),
  "training-step": isObject<Extract<PageEvent, { type: "training-step" }>>(
    {
      type: isOneOf("training-step"),
      group: isText,
      step: isCount,
      steps: isCount,
      losses: isList(isEither(isNumber, isNull)),
      gradNorms: isList(isEither(isNumber, isNull)),
      durationSeconds: isNumber,
    },
    { secondsLeft: isNumber },
  ),
  "adapter-finished": isObject<Extract<PageEvent, { type: "adapter-finished" }>>(
    { type: isOneOf("adapter-finished"), id: isText, className: isText, file: isText, finalLoss: isNumber },
    { steps: isCount, secondsLeft: isNumber, seconds: isNumber },
  ),
  "images-finished": isObject<Extract<PageEvent, { type: "images-finished" }>>(
    { type: isOneOf("images-finished"), className: isText, files: isList(isText), durationSeconds: isNumber },
    { secondsLeft: isNumber },
  ),
  "task-failed": isObject<Extract<PageEvent, { type: "task-failed" }>>({
    type: isOneOf("task-failed"),
    id: isText,
    code: isText,
    what: isText,
    fix: isText,
  }),
});
