/** Errors in front of the user: one message with buttons, the rest in the log. Never a stack. */
import { CancellationError, commands, l10n, window } from "vscode";
import { describeError, errorForLog } from "./loft-error.ts";
import type { Log } from "./log.ts";

/** Codes that a setting mends; every other message offers the log. */
const settingOf: Readonly<Record<string, string>> = {
  "node-missing": "loft.daemon.nodePath",
  "node-invalid": "loft.daemon.nodePath",
  "device-unavailable": "loft.device",
};

/** Show an error and do what its buttons say; a cancelled dialog is not one. */
export async function showError(error: unknown, log: Log): Promise<void> {
  if (error instanceof CancellationError) return;
  const { code, what, fix } = describeError(error);
  log.error(`${code}: ${errorForLog(error)}`);
  const showLog = l10n.t("Show Log");
  const showProblems = l10n.t("Show Problems");
  const openSettings = l10n.t("Open Settings");
  const setting = settingOf[code];
  // A list of problems stands in the Problems view; a single one that only a run can know does not.
  const isListed = code === "config-invalid" && what.includes("\n");
  const first = isListed ? showProblems : setting === undefined ? [] : openSettings;
  const chosen = await window.showErrorMessage(sentenceOf(what, fix), ...[first].flat(), showLog);
  if (chosen === showLog) log.show();
  if (chosen === showProblems) await commands.executeCommand("workbench.actions.view.problems");
  if (chosen === openSettings) await commands.executeCommand("workbench.action.openSettings", setting ?? "loft");
}

/** Of several lines the first, which says what the others are. */
function sentenceOf(what: string, fix: string): string {
  const first = what.split("\n").find((line) => line.trim() !== "") ?? "";
  return `${first} ${fix}`.trim();
}
