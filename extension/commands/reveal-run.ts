/** Reveal Run Folder, in the Runs view. */
import { commands, l10n, Uri, workspace } from "vscode";
import { chooseRun } from "../choose-run.ts";
import type { Services } from "../services.ts";

/** Show a run's folder in the Explorer, or in the system's file manager when it lies outside of the workspace. */
export async function revealRun(services: Services, argument: unknown): Promise<void> {
  const { folder } = await chooseRun(argument, services, {
    states: ["running", "cancelling", "queued", "interrupted", "failed", "finished"],
    placeHolder: l10n.t("Choose a run"),
  });
  const uri = Uri.file(folder);
  const isInside = workspace.getWorkspaceFolder(uri) !== undefined;
  await commands.executeCommand(isInside ? "revealInExplorer" : "revealFileInOS", uri);
}
