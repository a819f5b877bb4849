/**
 * The samples that the page knows, per class, and which to ask for next. Requests go in order of number, a thousand at
 * a time; what appears among those that were already read makes the class be read again. Pure.
 */
import type { Sample, SampleClass, SamplesResult, Verdict } from "../../schemas/protocol.ts";
import { samplesPageSize, type VerdictFilter } from "./protocol.ts";

export type ClassSamples = {
  readonly className: string;
  /** In order of number. */
  readonly samples: readonly Sample[];
  /** Where the next request starts. */
  readonly read: number;
  /** How many there are, as far as is known. */
  readonly known: number;
  /** The total for which the class was read again from its start, so that it is done once for each. */
  readonly readAgainFor: number;
};

export type SampleLists = ReadonlyMap<string, ClassSamples>;

export type SamplesWanted = { readonly className: string; readonly offset: number; readonly limit: number };

/** Read every class (again): what is shown stays until newer comes. A class that shrank starts empty. */
export function expectSamples(lists: SampleLists, classes: readonly SampleClass[]): SampleLists {
  const next = new Map<string, ClassSamples>();
  for (const { className, samples: known } of classes) {
    const before = lists.get(className)?.samples ?? [];
    const samples = before.length <= known ? before : [];
    next.set(className, { className, samples, read: 0, known, readAgainFor: -1 });
  }
  return next;
}

/** These images of a class exist now; those that are known already (made anew) do not count. */
export function expectMore(lists: SampleLists, className: string, files: readonly string[]): SampleLists {
  const list = lists.get(className);
  if (list === undefined) return lists;
  const news = files.filter((file) => !list.samples.some((sample) => sample.file === file));
  return new Map(lists).set(className, { ...list, known: list.known + news.length });
}

/** Take in the answer to a request. */
export function addSamples(lists: SampleLists, wanted: SamplesWanted, result: SamplesResult): SampleLists {
  const list = lists.get(wanted.className);
  if (list === undefined) return lists;
  const samples = merged(list.samples, result.samples);
  const read = wanted.offset + result.samples.length;
  const isComplete = result.samples.length === 0 || result.total <= read;
  const isMissingSome = isComplete && samples.length < result.total && list.readAgainFor !== result.total;
  const next: ClassSamples = isMissingSome
    ? { ...list, samples, read: 0, known: result.total, readAgainFor: result.total }
    : { ...list, samples, read, known: isComplete ? read : Math.max(list.known, result.total) };
  return new Map(lists).set(wanted.className, next);
}

/** What to ask for next, the class in sight first; undefined when everything is here. */
export function nextWanted(lists: SampleLists, preferred: string | undefined): SamplesWanted | undefined {
  const first = preferred === undefined ? undefined : lists.get(preferred);
  for (const list of first === undefined ? lists.values() : [first, ...lists.values()]) {
    if (list.read < list.known) return { className: list.className, offset: list.read, limit: samplesPageSize };
  }
  return undefined;
}

/** Set or take back a verdict. */
export function judge(lists: SampleLists, file: string, verdict: Verdict | null): SampleLists {
  for (const list of lists.values()) {
    const index = list.samples.findIndex((sample) => sample.file === file);
    if (index < 0) continue;
    const { verdict: _before, ...rest } = list.samples[index] as Sample;
    const judged: Sample = verdict === null ? rest : { ...rest, verdict };
    return new Map(lists).set(list.className, { ...list, samples: list.samples.with(index, judged) });
  }
  return lists;
}

export function findSample(lists: SampleLists, file: string | undefined): Sample | undefined {
  if (file === undefined) return undefined;
  for (const { samples } of lists.values()) {
    const found = samples.find((sample) => sample.file === file);
    if (found !== undefined) return found;
  }
  return undefined;
}

export type ShownGroup = {
  readonly className: string;
  readonly samples: readonly Sample[];
  /** Images of the class that exist, shown or not. */
  readonly made: number;
};

/** What the grid shows: a group for each class of the filter, in the run's order, with the samples of the verdict. */
export function shownGroups(
  lists: SampleLists,
  className: string | undefined,
  verdict: VerdictFilter,
): readonly ShownGroup[] {
  const classes = [...lists.values()].filter((list) => className === undefined || list.className === className);
  const groups = classes.map((list) => ({
    className: list.className,
    samples: ofVerdict(list.samples, verdict),
    made: list.known,
  }));
  return verdict === "all" ? groups : groups.filter(({ samples }) => 0 < samples.length);
}

export function countVerdicts(lists: SampleLists): { readonly keep: number; readonly reject: number } {
  let keep = 0;
  let reject = 0;
  for (const { samples } of lists.values()) {
    for (const { verdict } of samples) {
      if (verdict === "keep") keep += 1;
      if (verdict === "reject") reject += 1;
    }
  }
  return { keep, reject };
}

function ofVerdict(samples: readonly Sample[], verdict: VerdictFilter): readonly Sample[] {
  switch (verdict) {
    case "all":
      return samples;
    case "open":
      return samples.filter((sample) => sample.verdict === undefined);
    default:
      return samples.filter((sample) => sample.verdict === verdict);
  }
}

/** Both in order of number, the newer entry where a file is in both. The usual case, news at the end, copies once. */
function merged(before: readonly Sample[], news: readonly Sample[]): readonly Sample[] {
  const last = before.at(-1);
  const sorted = news.toSorted(byNumber);
  if (last === undefined || (sorted[0] !== undefined && byNumber(last, sorted[0]) < 0)) return [...before, ...sorted];
  const byFile = new Map(before.map((sample) => [sample.file, sample]));
  for (const sample of news) byFile.set(sample.file, sample);
  return [...byFile.values()].sort(byNumber);
}

function byNumber(a: Sample, b: Sample): number {
  return a.index - b.index || (a.file < b.file ? -1 : a.file === b.file ? 0 : 1);
}
