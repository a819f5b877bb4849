/** LoFT: Open Results. */
import type { Uri } from "vscode";
import { workspace } from "vscode";
import { uriOf } from "../choose-argument.ts";
import { findRun } from "../choose-run.ts";
import { activeConfig, isConfig } from "../config-files.ts";
import { chooseResults, isResults, isThere, noResults, resultsOf, showResults } from "../results-files.ts";
import type { Services } from "../services.ts";

/**
 * Open results as a table: the file, the run or the configuration that is named, the active configuration's, or the
 * ones that the user picks.
 */
export async function openResults(services: Services, argument: unknown): Promise<void> {
  await showResults((await named(services, argument)) ?? (await chooseResults()));
}

async function named(services: Services, argument: unknown): Promise<Uri | undefined> {
  const uri = uriOf(argument);
  if (uri !== undefined && isResults(uri)) return uri;
  const run = await findRun(argument, services);
  if (run !== undefined) return await written(resultsOf(run));
  if (uri !== undefined && isConfig(uri)) return await ofConfig(services, uri);
  const active = activeConfig();
  return active === undefined ? undefined : await ofConfig(services, active).catch(() => undefined);
}

/** @throws ShownError "results-missing" */
async function ofConfig({ runs }: Services, config: Uri): Promise<Uri> {
  const run = workspace.isTrusted && (await runs.refresh()).find((one) => one.config === config.fsPath);
  if (!run) throw noResults();
  return await written(resultsOf(run));
}

async function written(uri: Uri): Promise<Uri> {
  if (!(await isThere(uri))) throw noResults();
  return uri;
}
