/** LoFT: Show Samples. */
import { l10n } from "vscode";
import { chooseRun } from "../choose-run.ts";
import { activeConfig } from "../config-files.ts";
import type { Services } from "../services.ts";

/** Open the Samples panel of a run: the one named, the active configuration's, or the one the user picks. */
export async function showSamples(services: Services, argument: unknown): Promise<void> {
  const run = await chooseRun(argument ?? (await activeRun(services)), services, {
    states: ["running", "cancelling", "queued", "interrupted", "failed", "finished"],
    placeHolder: l10n.t("Choose a run to look at"),
  });
  services.panels.show(run);
}

async function activeRun({ runs }: Services): Promise<unknown> {
  const config = activeConfig()?.fsPath;
  if (config === undefined) return undefined;
  return (await runs.refresh()).find((run) => run.config === config);
}
