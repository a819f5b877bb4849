/** LoFT: Restart Daemon. */
import { l10n, ProgressLocation, window } from "vscode";
import { isLive } from "../runs.ts";
import type { Services } from "../services.ts";

/** End the daemon and start a new one, after a question where that stops runs. */
export async function restartDaemon({ client, runs }: Services): Promise<void> {
  const live = runs.all().filter(isLive).length;
  if (0 < live) {
    const restart = l10n.t("Restart");
    const detail = l10n.t("What is done is saved; the runs can be resumed afterwards.");
    const question = l10n.t("Restarting LoFT's daemon stops {0} running or waiting run(s).", live);
    if ((await window.showWarningMessage(question, { modal: true, detail }, restart)) !== restart) return;
  }
  const title = l10n.t("Restarting LoFT's daemon");
  await window.withProgress({ location: ProgressLocation.Window, title }, () => client.restart());
}
