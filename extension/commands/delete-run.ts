/** Delete Run, in the Runs view. */
import { CancellationError, l10n, window } from "vscode";
import { chooseRun } from "../choose-run.ts";
import type { Services } from "../services.ts";

/** Ask, then remove a run's folder from disk. */
export async function deleteRun(services: Services, argument: unknown): Promise<void> {
  const { run, name, folder } = await chooseRun(argument, services, {
    states: ["finished", "interrupted", "failed"],
    placeHolder: l10n.t("Choose a run to delete"),
  });
  const remove = l10n.t("Delete");
  const answer = await window.showWarningMessage(
    l10n.t("Delete the run {0} with its adapters and images?", name),
    { modal: true, detail: l10n.t("The folder {0} is removed from disk. This cannot be undone.", folder) },
    remove,
  );
  if (answer !== remove) throw new CancellationError();
  services.panels.close(run);
  await services.client.request("loft/deleteRun", { run });
  services.runs.forget(run);
}
