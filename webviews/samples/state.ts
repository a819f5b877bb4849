/**
 * Everything the Samples page knows and how messages and choices change it: one pure function. Only `view` outlives the
 * page; the rest is asked for again.
 */
import type {
  LoftErrorData,
  LossCurve,
  RunSummary,
  SampleClass,
  SamplesResult,
  Verdict,
} from "../../schemas/protocol.ts";
import { addLossEvents, type Losses, noLosses, setCurves } from "./loss-curves.ts";
import { type HostMessage, type PageEvent, type PageState, readPageEvents, type Snapshot } from "./protocol.ts";
import { addSamples, expectMore, expectSamples, judge, type SampleLists, type SamplesWanted } from "./sample-lists.ts";

export type RunView = {
  readonly summary: RunSummary;
  readonly classes: readonly SampleClass[];
  readonly base: string;
  readonly canResume: boolean;
  readonly sequence: number;
};

/** What `setState` keeps, but for the run. */
export type View = Omit<PageState, "run">;

export type PageData = {
  /** Absent until the first snapshot. */
  readonly run?: RunView;
  /** Why the page cannot get on: nothing is asked for until the next snapshot. */
  readonly problem?: LoftErrorData;
  /** Why the last action of the person failed. */
  readonly notice?: LoftErrorData;
  readonly lists: SampleLists;
  readonly losses: Losses;
  /** Tasks that failed while the run went on, newest last. */
  readonly taskFailures: readonly string[];
  readonly view: View;
};

export type Action =
  | { readonly type: "host"; readonly message: HostMessage }
  | { readonly type: "samples"; readonly wanted: SamplesWanted; readonly result: SamplesResult }
  | { readonly type: "curves"; readonly curves: readonly LossCurve[] }
  | { readonly type: "verdict"; readonly file: string; readonly verdict: Verdict | null }
  | { readonly type: "problem" | "notice"; readonly error: LoftErrorData | null }
  | { readonly type: "view"; readonly view: View };

export const startView: View = { tab: "samples", verdict: "all", thumbnail: 96 };

export function startData(view: View = startView): PageData {
  return { lists: new Map(), losses: noLosses, taskFailures: [], view };
}

export function reduce(data: PageData, action: Action): PageData {
  switch (action.type) {
    case "host":
      return receive(data, action.message);
    case "samples":
      return { ...data, lists: addSamples(data.lists, action.wanted, action.result) };
    case "curves":
      return { ...data, losses: setCurves(data.losses, action.curves) };
    case "verdict":
      return { ...data, lists: judge(data.lists, action.file, action.verdict) };
    case "problem":
      return withProblem(data, action.error);
    case "notice":
      return withNotice(data, action.error);
    case "view":
      return { ...data, view: action.view };
  }
}

/** What to keep for the next time; undefined before there is a run. */
export function stateToKeep(data: PageData): PageState | undefined {
  return data.run === undefined ? undefined : { run: data.run.summary.run, ...data.view };
}

/** The class that the filter names, unless the run has no such class. */
export function shownClass(data: PageData): string | undefined {
  const { className } = data.view;
  return data.run?.classes.some((entry) => entry.className === className) ? className : undefined;
}

function receive(data: PageData, message: HostMessage): PageData {
  switch (message.type) {
    case "snapshot":
      return takeSnapshot(data, message);
    case "run":
      if (message.run.run !== data.run?.summary.run) return data;
      return { ...data, run: { ...data.run, summary: message.run, canResume: message.canResume } };
    case "events":
      return takeEvents(data, message.sequence, readPageEvents(message.events));
    case "problem":
      return withProblem(data, message.error);
    case "show":
      return { ...data, view: shownView(data.view, message) };
    // Answers belong to whoever asked.
    case "response":
    case "failure":
      return data;
  }
}

function takeSnapshot(data: PageData, snapshot: Snapshot): PageData {
  const { run: summary, classes, base, canResume, sequence } = snapshot;
  const isSameRun = data.run?.summary.run === summary.run;
  const known = isSameRun ? data : startData(data.run === undefined ? data.view : withoutSelection(data.view));
  const { problem: _solved, ...rest } = known;
  return {
    ...rest,
    run: { summary, classes, base, canResume, sequence },
    lists: expectSamples(known.lists, classes),
    losses: { ...known.losses, isStale: true },
  };
}

/** Events that the snapshot already holds are left out. */
function takeEvents(data: PageData, sequence: number, events: readonly PageEvent[]): PageData {
  if (data.run === undefined || sequence <= data.run.sequence) return data;
  const lists = events.reduce(addImages, data.lists);
  const classes = events.reduce(addAdapter, data.run.classes);
  const failures = events.flatMap((event) => (event.type === "task-failed" ? [`${event.what} ${event.fix}`] : []));
  return {
    ...data,
    run: { ...data.run, classes, sequence },
    lists,
    losses: addLossEvents(data.losses, events),
    taskFailures: [...data.taskFailures, ...failures].slice(-20),
  };
}

function addImages(lists: SampleLists, event: PageEvent): SampleLists {
  return event.type === "images-finished" ? expectMore(lists, event.className, event.files) : lists;
}

function addAdapter(classes: readonly SampleClass[], event: PageEvent): readonly SampleClass[] {
  if (event.type !== "adapter-finished") return classes;
  return classes.map((entry) => {
    if (!entry.photos.some(({ adapterId, trained }) => adapterId === event.id && !trained)) return entry;
    const photos = entry.photos.map((photo) => (photo.adapterId === event.id ? { ...photo, trained: true } : photo));
    return { ...entry, photos };
  });
}

function withProblem(data: PageData, problem: LoftErrorData | null): PageData {
  const { problem: _before, ...rest } = data;
  return problem === null ? rest : { ...rest, problem };
}

function withNotice(data: PageData, notice: LoftErrorData | null): PageData {
  const { notice: _before, ...rest } = data;
  return notice === null ? rest : { ...rest, notice };
}

function withoutSelection(view: View): View {
  const { selected: _selected, className: _className, ...rest } = view;
  return rest;
}

function shownView(view: View, message: Extract<HostMessage, { type: "show" }>): View {
  if (message.file === undefined) return { ...view, tab: message.tab };
  const { className: _className, ...rest } = view;
  return { ...rest, verdict: "all", tab: message.tab, selected: message.file };
}
