/** The settings of the extension as typed values, read when they are needed so that changes apply at once. */
import { type Uri, workspace } from "vscode";

/** Empty when the user named none. */
export function nodePathSetting(): string {
  return workspace.getConfiguration("loft").get("daemon.nodePath", "").trim();
}

/** Undefined: what the configuration says. */
export function deviceSetting(): string | undefined {
  const device = workspace.getConfiguration("loft").get("device", "config");
  return device === "config" ? undefined : device;
}

export function keepGoingSetting(config: Uri): boolean {
  return workspace.getConfiguration("loft", config).get("run.keepGoing", false);
}

export function openSamplesSetting(): boolean {
  return workspace.getConfiguration("loft").get("samples.openOnGenerate", true);
}

export function openResultsSetting(): boolean {
  return workspace.getConfiguration("loft").get("results.openOnEvaluate", true);
}

export function notifySetting(): boolean {
  return workspace.getConfiguration("loft").get("notifications.whenFinished", true);
}
