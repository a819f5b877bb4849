/** Runs that broke off (a machine that was shut down, a daemon that was killed) are offered once, to go on. */
import { commands, type Disposable, l10n, type Memento, window } from "vscode";
import type { RunSummary } from "../schemas/protocol.ts";
import { isOfThisWindow, type Runs } from "./runs.ts";
import { notifySetting } from "./settings.ts";

/** @param memory remembers which start of a run was offered already */
export function offerBrokenOff(runs: Runs, memory: Memento): Disposable {
  return runs.onDidChange(() => {
    for (const run of runs.all()) {
      const isKnown = run.brokeOff === true && run.config !== undefined && isOfThisWindow(run);
      if (isKnown && notifySetting() && !wasOffered(run, memory)) void offer(run);
    }
  });
}

function wasOffered({ run, startedAt = "" }: RunSummary, memory: Memento): boolean {
  const key = `loft.offeredStart.${run}`;
  if (memory.get(key) === startedAt) return true;
  void memory.update(key, startedAt);
  return false;
}

async function offer({ run, name }: RunSummary): Promise<void> {
  const resume = l10n.t("Resume");
  const show = l10n.t("Show Samples");
  const message = l10n.t("{0} broke off before it was finished. It can go on where it was.", name);
  const chosen = await window.showInformationMessage(message, resume, show);
  if (chosen === resume) await commands.executeCommand("loft.resumeRun", { run });
  if (chosen === show) await commands.executeCommand("loft.showSamples", { run });
}
