/** Open Configuration, in the Runs view. */
import { l10n, window } from "vscode";
import { chooseRun } from "../choose-run.ts";
import type { Services } from "../services.ts";
import { configOfRun } from "./resume-run.ts";

/** Open the configuration that a run was made from. */
export async function openRunConfig(services: Services, argument: unknown): Promise<void> {
  const run = await chooseRun(argument, services, {
    states: ["running", "cancelling", "queued", "interrupted", "failed", "finished"],
    placeHolder: l10n.t("Choose a run"),
  });
  await window.showTextDocument(configOfRun(run));
}
