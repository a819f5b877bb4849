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
  const first = code === "config-invalid" ? showProblems : setting === undefined ? [] : openSettings;
  const chosen = await window.showErrorMessage(sentenceOf(code, what, fix), ...[first].flat(), showLog);
  if (chosen === showLog) log.show();
  if (chosen === showProblems) await commands.executeCommand("workbench.actions.view.problems");
  if (chosen === openSettings) await commands.executeCommand("workbench.action.openSettings", setting ?? "loft");
}

/** A list of problems stands in the Problems view already. */
function sentenceOf(code: string, what: string, fix: string): string {
  const lines = what.split("\n").filter((line) => line.trim() !== "");
  if (code === "config-invalid" || lines.length <= 1) return `${lines[0] ?? ""} ${fix}`.trim();
  return `${lines[0]} ${fix}`;
}
