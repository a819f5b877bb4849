/** Pages of a run's images. What an image says of itself is read once and kept while the daemon lives. */
import type { Sample, SamplesParams, SamplesResult } from "../../schemas/protocol.ts";
import { loftError } from "../base/errors.ts";
import { readVerdicts } from "./curation.ts";
import type { KnownRun } from "./known-run.ts";
import { readSample, realInRun } from "./run-sample.ts";

/** Files read at the same time. */
const readers = 32;

/** Some kilobytes each. */
const keptSamples = 20_000;

/** One page of the images of a run, or of one class, in the order in which they were made. */
export async function listSamples(
  run: KnownRun,
  { className, offset, limit }: Omit<SamplesParams, "run">,
): Promise<SamplesResult> {
  const files = await filesOf(run, className);
  const verdicts = await readVerdicts(run);
  const page = files.slice(offset, offset + limit);
  const samples: Sample[] = [];
  for (let start = 0; start < page.length; start += readers) {
    const part = page.slice(start, start + readers);
    samples.push(...(await Promise.all(part.map((file) => keptSample(run, file)))));
  }
  return {
    total: files.length,
    samples: samples.map((sample) => {
      const verdict = verdicts.get(sample.file);
      return verdict === undefined ? sample : { ...sample, verdict };
    }),
  };
}

/**
 * One image of a run.
 * @throws LoftError "sample-unknown"
 */
export async function sampleOf(run: KnownRun, file: string): Promise<Sample> {
  await requireSample(run, file);
  return keptSample(run, file);
}

/** Throws LoftError "sample-unknown" unless the run has made this image: paths of requests never reach the disk else. */
export async function requireSample(run: KnownRun, file: string): Promise<void> {
  if (run.files.has(file) && (await realInRun(run.root, file)) !== undefined) return;
  throw loftError("sample-unknown", {
    what: `The run ${run.name} has no image of this name.`,
    fix: "Show the images again: this one was moved or made anew.",
  });
}

async function keptSample(run: KnownRun, file: string): Promise<Sample> {
  const kept = run.samples.get(file);
  if (kept !== undefined) return kept;
  const sample = await readSample(run.root, file);
  run.samples.set(file, sample);
  if (keptSamples < run.samples.size) run.samples.delete(run.samples.keys().next().value as string);
  return sample;
}

/** A class may be asked for by its name or by its folder. */
async function filesOf(run: KnownRun, className: string | undefined): Promise<readonly string[]> {
  if (className === undefined) return run.files.list();
  return run.files.list(await classFolder(run, className));
}

/** The folder of a class: as planned, else as an image of each folder says; a name nobody knows is taken for a folder. */
export async function classFolder(run: KnownRun, className: string): Promise<string> {
  const planned = run.planned?.find((one) => one.className === className);
  if (planned !== undefined) return planned.folder;
  for (const folder of run.files.counts().keys()) {
    const [first] = run.files.list(folder);
    if (first !== undefined && (await keptSample(run, first)).className === className) return folder;
  }
  return className;
}
