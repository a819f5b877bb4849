/** A word when a run of this window ends. */
import { commands, type Disposable, l10n, window } from "vscode";
import { lostOnlyClassifiers } from "../schemas/lost-classifiers.ts";
import type { LoftErrorData, RunSummary } from "../schemas/protocol.ts";
import { ShownError } from "./loft-error.ts";
import type { Log } from "./log.ts";
import { isLive, isOfThisWindow, type Runs } from "./runs.ts";
import { notifySetting } from "./settings.ts";
import { showError } from "./show-error.ts";

export function notifyFinished(runs: Runs, log: Log): Disposable {
  return runs.onDidTransition(({ run, before }) => {
    const ended = isLive({ ...run, state: before }) && !isLive(run);
    if (!ended || !isOfThisWindow(run) || !notifySetting()) return;
    if (run.state === "finished") void tellFinished(run);
    if (run.state === "failed" && run.error !== undefined) void tellFailed(run, run.error, log);
  });
}

async function tellFailed(summary: RunSummary, error: LoftErrorData, log: Log): Promise<void> {
  if (lostOnlyClassifiers(summary)) await tellLosses(summary, error, log);
  else await showError(new ShownError(error), log);
}

async function tellFinished(summary: RunSummary): Promise<void> {
  const { run, name, progress, work } = summary;
  if (work === "evaluate") return await tellEvaluated(summary);
  const show = l10n.t("Show Samples");
  const reveal = l10n.t("Reveal Folder");
  const failed = progress?.failed ?? 0;
  const images = progress?.imagesDone ?? 0;
  const message =
    failed === 0
      ? l10n.t("{0} is finished: {1} images.", name, images)
      : l10n.t("{0} is finished: {1} images, {2} failed.", name, images, failed);
  const chosen = await window.showInformationMessage(message, show, reveal);
  if (chosen === show) await commands.executeCommand("loft.showSamples", { run });
  if (chosen === reveal) await commands.executeCommand("loft.revealRun", { run });
}

async function tellLosses({ run, name }: RunSummary, { what, fix }: LoftErrorData, log: Log): Promise<void> {
  const open = l10n.t("Open Results");
  const showLog = l10n.t("Show Log");
  log.error(`${what} ${fix}`);
  const chosen = await window.showWarningMessage(
    l10n.t("{0} is evaluated: {1}", name, `${what} ${fix}`),
    open,
    showLog,
  );
  if (chosen === open) await commands.executeCommand("loft.openResults", { run });
  if (chosen === showLog) log.show();
}

async function tellEvaluated({ run, name }: RunSummary): Promise<void> {
  const open = l10n.t("Open Results");
  const chosen = await window.showInformationMessage(l10n.t("{0} is evaluated.", name), open);
  if (chosen === open) await commands.executeCommand("loft.openResults", { run });
}
