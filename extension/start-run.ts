/** Starting a run, from the command, the tree and the panel alike. */
import type { Uri } from "vscode";
import type { RunSummary } from "../schemas/protocol.ts";
import { saveConfig } from "./config-files.ts";
import type { Services } from "./services.ts";
import { deviceSetting, keepGoingSetting, openSamplesSetting } from "./settings.ts";

/** Start a run, or go on with it, and open the Samples panel where the user wants that. */
export async function startRun(services: Services, config: Uri): Promise<RunSummary> {
  const run = await queueRun(services, config);
  if (openSamplesSetting()) services.panels.show(run);
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
