/** LoFT: Evaluate. */
import { l10n, ProgressLocation, window } from "vscode";
import type { RunSummary } from "../../schemas/protocol.ts";
import { configOf } from "../choose-argument.ts";
import type { Services } from "../services.ts";
import { startEvaluation } from "../start-run.ts";

/** Start (or go on with) the evaluation of a configuration, and show its table as it fills. Resolves once it is queued. */
export async function evaluateDataset(services: Services, argument: unknown): Promise<RunSummary> {
  const config = await configOf(argument, services);
  const title = l10n.t("Starting");
  return await window.withProgress({ location: ProgressLocation.Window, title }, () =>
    startEvaluation(services, config),
  );
}
