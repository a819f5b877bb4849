/** LoFT: Cancel. */
import { l10n } from "vscode";
import type { RunSummary } from "../../schemas/protocol.ts";
import { chooseRun } from "../choose-run.ts";
import type { Services } from "../services.ts";

/** Stop a run so that it can go on later; what is done stays. */
export async function cancelRun(services: Services, argument: unknown): Promise<RunSummary> {
  const { run } = await chooseRun(argument, services, {
    states: ["running", "queued"],
    placeHolder: l10n.t("Choose a run to cancel; it can be resumed"),
  });
  const summary = await services.client.request("loft/cancel", { run });
  services.runs.update(summary);
  return summary;
}
