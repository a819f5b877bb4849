/** LoFT: Resume Run. */
import { l10n, Uri } from "vscode";
import type { RunSummary } from "../../schemas/protocol.ts";
import { chooseRun } from "../choose-run.ts";
import { ShownError } from "../loft-error.ts";
import type { Services } from "../services.ts";
import { startEvaluation, startRun } from "../start-run.ts";

/** Go on with an interrupted run or evaluation: starting its configuration again does just that. */
export async function resumeRun(services: Services, argument: unknown): Promise<RunSummary> {
  const run = await chooseRun(argument, services, {
    states: ["interrupted", "failed"],
    placeHolder: l10n.t("Choose a run to resume"),
  });
  const config = configOfRun(run);
  return await (run.work === "evaluate" ? startEvaluation(services, config) : startRun(services, config));
}

/** @throws ShownError "config-unknown" for a run folder that came from elsewhere */
export function configOfRun(run: RunSummary): Uri {
  if (run.config !== undefined) return Uri.file(run.config);
  throw new ShownError({
    code: "config-unknown",
    what: l10n.t("The configuration of the run {0} is not known here.", run.name),
    fix: l10n.t("Open its *.loft.json and use LoFT: Generate Dataset or LoFT: Evaluate."),
  });
}
