/** `loft evaluate` of several configurations: each one's own table, and one of the means over them. */
import { basename, dirname, join, relative, sep } from "node:path";
import type { LoftResults } from "../../schemas/results.ts";
import { writeFileAtomic, writeJsonAtomic } from "../base/atomic-file.ts";
import { LoftError, loftError } from "../base/errors.ts";
import { averageCsv } from "./average-csv.ts";
import { averageResults, type DatasetOutcome } from "./average-results.ts";
import { resultsFile } from "./evaluate-files.ts";
import { resultsMarkdown } from "./evaluate-report.ts";
import { checkEvaluation, evaluate } from "./evaluate-run.ts";
import type { EvaluationRequest } from "./prepare-evaluation.ts";

export type DatasetsRequest = Omit<EvaluationRequest, "configFile" | "command"> & {
  /** At least two, each of one dataset. */
  readonly configFiles: readonly string[];
  /** Where the table of the means is written. */
  readonly folder: string;
};

export type DatasetsEvaluation = {
  readonly results: LoftResults;
  /** By its configuration, why a dataset has no results or, by its task, a classifier no answer. */
  readonly failures: ReadonlyMap<string, LoftError>;
};

/**
 * Check all configurations, then evaluate one after the other. One that fails is told of in the table, and the others go
 * on; the table so far is always in the folder.
 * @throws LoftError "interrupted" after saving; what the first one threw when all of them failed; "usage-invalid" for a
 *   file that is given twice
 */
export async function evaluateDatasets(request: DatasetsRequest): Promise<DatasetsEvaluation> {
  const { configFiles, folder, reference } = request;
  refuseTwice(configFiles);
  const failures = await foundProblems(request);
  if (failures.size === configFiles.length) throw [...failures.values()][0]!;
  const outcomes = configFiles.map((file) => failed(file, failures.get(file)));
  let average: LoftResults | undefined;
  for (const [index, configFile] of configFiles.entries()) {
    try {
      const found = await evaluated(request, configFile);
      outcomes[index] = found;
      failures.delete(configFile);
      for (const [id, error] of found.evaluated.lost) failures.set(id, error);
    } catch (error) {
      const own = ownFailure(error);
      outcomes[index] = failed(configFile, own);
      if (failures.get(configFile)?.what !== own.what) tell(request, configFile, own);
      failures.set(configFile, own);
    }
    if (outcomes.every(({ evaluated: found }) => found === undefined)) continue;
    const distinct = withDistinctNames(outcomes, configFiles);
    average = averageResults(distinct, { name: distinct.map(({ name }) => name).join(", "), reference });
    await writeAverage(folder, average);
  }
  if (average === undefined) throw [...failures.values()][0]!;
  return { results: average, failures };
}

/**
 * What must be mended first, by configuration: told at once, not after the hours that others take. Who mends it before
 * its turn has it evaluated all the same.
 */
async function foundProblems(request: DatasetsRequest): Promise<Map<string, LoftError>> {
  const found = new Map<string, LoftError>();
  for (const configFile of request.configFiles) {
    try {
      await checkEvaluation(requestFor(request, configFile));
    } catch (error) {
      const own = ownFailure(error);
      tell(request, configFile, own);
      found.set(configFile, own);
    }
  }
  return found;
}

/** A failure of one dataset alone; anything else is thrown on. */
function ownFailure(error: unknown): LoftError {
  if (!(error instanceof LoftError) || error.code === "interrupted") throw error;
  return error;
}

function tell({ emit }: Pick<DatasetsRequest, "emit">, configFile: string, { what, fix }: LoftError): void {
  emit({ type: "warning", what: `${basename(configFile)}: ${what}`, fix });
}

function failed(configFile: string, error: LoftError | undefined): DatasetOutcome {
  const { what, fix } = error ?? notYet;
  return { name: basename(configFile, ".loft.json"), file: null, problem: { what, fix }, evaluated: undefined };
}

const notYet = { what: "The evaluation has not come to it yet.", fix: "Run the same command again." };

function requestFor(request: DatasetsRequest, configFile: string): EvaluationRequest {
  return { ...request, configFile, command: `loft generate ${basename(configFile)}` };
}

async function evaluated(request: DatasetsRequest, configFile: string) {
  const found = await evaluate(requestFor(request, configFile));
  const file = relative(request.folder, join(found.folder, resultsFile)).split(sep).join("/");
  return { name: found.results.name, file, problem: null, evaluated: found };
}

/** Datasets of one name are told apart by the folders of their configurations. */
function withDistinctNames(outcomes: readonly DatasetOutcome[], configFiles: readonly string[]): DatasetOutcome[] {
  const count = (name: string) => outcomes.filter((each) => each.name === name).length;
  return outcomes.map((each, index) =>
    1 < count(each.name) ? { ...each, name: `${each.name} (${basename(dirname(configFiles[index]!))})` } : each,
  );
}

function refuseTwice(configFiles: readonly string[]): void {
  const twice = configFiles.find((file, index) => configFiles.indexOf(file) < index);
  if (twice === undefined) return;
  throw loftError("usage-invalid", {
    what: `${twice} is given twice.`,
    fix: "Name each configuration once: a mean counts each dataset once.",
  });
}

async function writeAverage(folder: string, results: LoftResults): Promise<void> {
  await writeFileAtomic(join(folder, "results.csv"), averageCsv(results));
  await writeFileAtomic(join(folder, "results.md"), resultsMarkdown(results));
  await writeJsonAtomic(join(folder, resultsFile), results);
}
