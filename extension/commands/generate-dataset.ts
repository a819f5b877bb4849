/** LoFT: Generate Dataset. */
import { l10n, ProgressLocation, window } from "vscode";
import type { RunSummary } from "../../schemas/protocol.ts";
import { configOf } from "../choose-argument.ts";
import type { Services } from "../services.ts";
import { startRun } from "../start-run.ts";

/** Start (or go on with) the run of a configuration and show its samples. Resolves once it is queued. */
export async function generateDataset(services: Services, argument: unknown): Promise<RunSummary> {
  const config = await configOf(argument, services);
  const title = l10n.t("Starting");
  return await window.withProgress({ location: ProgressLocation.Window, title }, () => startRun(services, config));
}
