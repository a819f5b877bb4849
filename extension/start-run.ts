/** Starting a run, from the command, the tree and the panel alike. */
import type { Uri } from "vscode";
import type { RunSummary } from "../schemas/protocol.ts";
import { saveConfig } from "./config-files.ts";
import type { Services } from "./services.ts";
import { deviceSetting, keepGoingSetting, openResultsSetting, openSamplesSetting } from "./settings.ts";

/** Start a run, or go on with it, and open the Samples panel where the user wants that. */
export async function startRun(services: Services, config: Uri): Promise<RunSummary> {
  const run = await queueRun(services, config);
  if (openSamplesSetting()) services.panels.show(run);
  return run;
}

/** Start an evaluation, or go on with it, and open its results once they are there, where the user wants that. */
export async function startEvaluation(services: Services, config: Uri): Promise<RunSummary> {
  const run = await queueEvaluation(services, config);
  if (openResultsSetting()) services.results.openWhenWritten(run);
  return run;
}

/** Save the configuration and ask the daemon to evaluate it with the user's settings. */
export async function queueEvaluation(
  { client, runs }: Pick<Services, "client" | "runs">,
  config: Uri,
): Promise<RunSummary> {
  await saveConfig(config);
  const device = deviceSetting();
  const run = await client.request("loft/evaluate", {
    config: config.fsPath,
    ...(device === undefined ? {} : { device }),
  });
  runs.update(run);
  return run;
}

/** Save the configuration and ask the daemon to run it with the user's settings. */
export async function queueRun({ client, runs }: Pick<Services, "client" | "runs">, config: Uri): Promise<RunSummary> {
  await saveConfig(config);
  const device = deviceSetting();
  const run = await client.request("loft/start", {
    config: config.fsPath,
    keepGoing: keepGoingSetting(config),
    ...(device === undefined ? {} : { device }),
  });
  runs.update(run);
  return run;
}
