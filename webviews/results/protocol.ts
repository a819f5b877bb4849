/**
 * What the results table and the extension say to each other through `postMessage`, with the checks that both sides make
 * on everything they receive. The only file of webviews/results that the extension imports; knows no DOM.
 *
 * How it goes: the page sends `ready` whenever it wants the whole state (after loading, after being hidden) and the host
 * answers with `results` or `unreadable`; it sends one of them again whenever the file changes, and `live` when only the
 * progress of the evaluation did, both at most a few times a second. Each `request` gets exactly one `response` or
 * `failure` with its id, in any order.
 */
import type { LoftErrorData } from "../../schemas/protocol.ts";
import type { LoftResults } from "../../schemas/results.ts";
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
  isTagged,
  isText,
} from "../shared/check.ts";
import { answerChecks, isErrorData, isNoParams, isPageMessage, type NoParams } from "../shared/page-messages.ts";
import { corruptResults, type ResultsReading, readResults } from "./results-check.ts";

/** `viewType` of the custom editor of `*.loft-results.json`. */
export const resultsViewType = "loft.results";

export type ResultsTab = "table" | "scaling" | "confusion" | "sets";

export type Split = "test" | "validation";

/** What the table shows: accuracy, calibration error, each class's accuracy, or the quality of the synthetic sets. */
export type Metric = "accuracy" | "calibration" | "classes" | "sets";

/** An evaluation that writes the file now. */
export type Live = {
  /** What it does, for people: "Training classifiers, 12 of 40". */
  readonly text: string;
  /** From 0 to 1; null where it cannot be told. */
  readonly share: number | null;
};

/** A picture of the test set, and what the trainings of one row took it for. */
export type JudgedPicture = {
  /** Webview address; null where the file is gone. */
  readonly uri: string | null;
  /** Name of the file as predictions.jsonl has it. */
  readonly name: string;
  /** The class, by number, that these trainings answered. */
  readonly predicted: number;
  /** That class's probability: the mean over these trainings. */
  readonly probability: number;
  /** How many of the row's trainings answered this. */
  readonly runs: number;
};

export type SetPicture = { readonly uri: string; readonly name: string };

/** Pictures of one class: the real photos, or a method's images. */
export type ClassSet = {
  /** As in `sets[].method` of the results; null for the real photos. */
  readonly method: string | null;
  /** How many there are; `pictures` may be fewer. */
  readonly total: number;
  /** Named as `copies[].file` and `copies[].photo` of the results name them. */
  readonly pictures: readonly SetPicture[];
};

/** Which pictures of the test set the trainings of a row and seed got right. */
export type RowHits = {
  readonly row: string;
  readonly seed: number;
  /** A "1" or "0" for each test picture, in the same order in all rows. */
  readonly hits: string;
};

export type CopyFormat = "markdown" | "csv" | "latex";

/** Parameters and results of what the page may ask for. */
export type ResultsRequests = {
  /** Test pictures of class `label` that trainings of `row` took for `predicted`; for null all of the class. */
  readonly pictures: {
    readonly params: {
      readonly row: string;
      readonly label: number;
      readonly predicted: number | null;
      readonly offset: number;
      readonly count: number;
    };
    readonly result: { readonly total: number; readonly pictures: readonly JudgedPicture[] };
  };
  /** The first `count` pictures of a class: real photos first, then each method. */
  readonly sets: {
    readonly params: { readonly classIndex: number; readonly count: number };
    readonly result: { readonly sets: readonly ClassSet[] };
  };
  /** From predictions.jsonl; a failure where it is missing or belongs to other results. */
  readonly hits: { readonly params: NoParams; readonly result: { readonly rows: readonly RowHits[] } };
  /** Open a picture in an editor of its own: only an address that the host gave this page. */
  readonly openImage: { readonly params: { readonly uri: string }; readonly result: null };
  /** Text into the clipboard; the page says that it is there. */
  readonly copy: { readonly params: { readonly format: CopyFormat; readonly text: string }; readonly result: null };
  /** Reopen the file as text. */
  readonly openText: { readonly params: NoParams; readonly result: null };
};

export type ResultsRequestName = keyof ResultsRequests;
export type ResultsParams<N extends ResultsRequestName> = ResultsRequests[N]["params"];
export type ResultsResult<N extends ResultsRequestName> = ResultsRequests[N]["result"];

/** A request with its own name's parameters. */
export type ResultsRequest = {
  [N in ResultsRequestName]: {
    readonly type: "request";
    /** Rises by one for each request of a page. */
    readonly id: number;
    readonly name: N;
    readonly params: ResultsParams<N>;
  };
}[ResultsRequestName];

export type ResultsPageMessage = { readonly type: "ready" } | ResultsRequest;

export type ResultsHostMessage =
  /** The content of the file; `live` while an evaluation writes it. */
  | { readonly type: "results"; readonly results: LoftResults; readonly live?: Live }
  /** The file cannot be shown: corrupt, of a newer version, gone. */
  | { readonly type: "unreadable"; readonly error: LoftErrorData }
  /** Null when the evaluation is over. */
  | { readonly type: "live"; readonly live: Live | null }
  | { readonly type: "response"; readonly id: number; readonly result: unknown }
  | { readonly type: "failure"; readonly id: number; readonly error: LoftErrorData };

/** What `setState` keeps: choices, no data. Rows by id, so that it fits whatever the file has later. */
export type ResultsPageState = {
  readonly tab: ResultsTab;
  readonly metric: Metric;
  readonly split: Split;
  /** The order of the file where absent. */
  readonly sort?: { readonly column: string; readonly isFalling: boolean };
  readonly hidden: readonly string[];
  /** Only rows with this many real photos per class, or synthetic images per class; all where absent. */
  readonly shots?: number;
  readonly images?: number;
  /** Only rows of this classifier. */
  readonly classifier?: string;
  /** The file's reference where absent. */
  readonly reference?: string;
  /** The row whose confusion is shown, and the cell of it. */
  readonly row?: string;
  readonly cell?: { readonly label: number; readonly predicted: number };
  /** The class whose sets are shown. */
  readonly className?: string;
};

/** What the text of a file says: results, or what its reader is told. */
export function readResultsFile(text: string): ResultsReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: corruptResults("The file is not JSON: it was cut off or edited.") };
  }
  return readResults(value);
}

/** Undefined for anything that no page of ours sends. */
export function readResultsPageMessage(value: unknown): ResultsPageMessage | undefined {
  return isResultsPageMessage(value) ? value : undefined;
}

/** Undefined for anything that no host of ours sends. */
export function readResultsHostMessage(value: unknown): ResultsHostMessage | undefined {
  return isHostMessage(value) ? value : undefined;
}

/** Undefined when the state is from another version or was tampered with. */
export function readResultsPageState(value: unknown): ResultsPageState | undefined {
  return isPageState(value) ? value : undefined;
}

/** Undefined when the result is not one of this request. */
export function readResultsResult<N extends ResultsRequestName>(name: N, value: unknown): ResultsResult<N> | undefined {
  const check = resultChecks[name] as Check<ResultsResult<N>>;
  return check(value) ? value : undefined;
}

/** Most pictures that may be asked for at once. */
export const mostPictures = 200;

/** Most characters that may be copied at once. */
export const mostCopied = 5_000_000;

const isShare: Check<number> = (value): value is number => isNumber(value) && 0 <= value && value <= 1;
const isPictureCount: Check<number> = (value): value is number => isCount(value) && 1 <= value && value <= mostPictures;

const paramsChecks: { readonly [N in ResultsRequestName]: Check<ResultsParams<N>> } = {
  pictures: isObject<ResultsParams<"pictures">>({
    row: isText,
    label: isCount,
    predicted: isEither(isCount, isNull),
    offset: isCount,
    count: isPictureCount,
  }),
  sets: isObject<ResultsParams<"sets">>({ classIndex: isCount, count: isPictureCount }),
  hits: isNoParams,
  openImage: isObject<ResultsParams<"openImage">>({ uri: isText }),
  copy: isObject<ResultsParams<"copy">>({
    format: isOneOf<CopyFormat>("markdown", "csv", "latex"),
    text: (value): value is string => isText(value) && value.length <= mostCopied,
  }),
  openText: isNoParams,
};

const isResultsPageMessage = isPageMessage<ResultsPageMessage>(paramsChecks);

const isLive = isObject<Live>({ text: isText, share: isEither(isShare, isNull) });

const isResults: Check<LoftResults> = (value): value is LoftResults => "results" in readResults(value);

const isHostMessage = isTagged<ResultsHostMessage>({
  results: isObject<Extract<ResultsHostMessage, { type: "results" }>>(
    { type: isOneOf("results"), results: isResults },
    { live: isLive },
  ),
  unreadable: isObject({ type: isOneOf("unreadable"), error: isErrorData }),
  live: isObject({ type: isOneOf("live"), live: isEither(isLive, isNull) }),
  ...answerChecks,
});

const isSetPicture = isObject<SetPicture>({ uri: isText, name: isText });

const resultChecks: { readonly [N in ResultsRequestName]: Check<ResultsResult<N>> } = {
  pictures: isObject<ResultsResult<"pictures">>({
    total: isCount,
    pictures: isList(
      isObject<JudgedPicture>({
        uri: isEither(isText, isNull),
        name: isText,
        predicted: isCount,
        probability: isShare,
        runs: isCount,
      }),
      mostPictures,
    ),
  }),
  sets: isObject<ResultsResult<"sets">>({
    sets: isList(
      isObject<ClassSet>({
        method: isEither(isText, isNull),
        total: isCount,
        pictures: isList(isSetPicture, mostPictures),
      }),
    ),
  }),
  hits: isObject<ResultsResult<"hits">>({
    rows: isList(
      isObject<RowHits>({
        row: isText,
        seed: isCount,
        hits: (value): value is string => isText(value) && /^[01]*$/.test(value),
      }),
    ),
  }),
  openImage: isNull,
  copy: isNull,
  openText: isNull,
};

const isPageState = isObject<ResultsPageState>(
  {
    tab: isOneOf<ResultsTab>("table", "scaling", "confusion", "sets"),
    metric: isOneOf<Metric>("accuracy", "calibration", "classes", "sets"),
    split: isOneOf<Split>("test", "validation"),
    hidden: isList(isText),
  },
  {
    sort: isObject<NonNullable<ResultsPageState["sort"]>>({ column: isText, isFalling: isFlag }),
    shots: isCount,
    images: isCount,
    classifier: isText,
    reference: isText,
    row: isText,
    cell: isObject<NonNullable<ResultsPageState["cell"]>>({ label: isCount, predicted: isCount }),
    className: isText,
  },
);
