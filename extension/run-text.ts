/** A run's state in words and icons, the same in the tree, in lists and in the status bar. */
import { l10n } from "vscode";
import type { RunState, RunSummary } from "../schemas/protocol.ts";
import { progressText } from "./duration-text.ts";

export function describeRun(run: RunSummary): string {
  const { progress, work } = run;
  switch (run.state) {
    case "queued":
      return l10n.t("waiting");
    case "running":
      return progressText(progress);
    case "cancelling":
      return l10n.t("stopping");
    case "finished":
      if (work === "evaluate") return l10n.t("evaluated");
      return progress === undefined ? l10n.t("finished") : l10n.t("{0} images", progress.imagesDone);
    case "interrupted":
      if (progress !== undefined && work === "evaluate")
        return l10n.t("evaluation interrupted at {0} %", Math.floor(progress.share * 100));
      return progress === undefined
        ? l10n.t("interrupted")
        : l10n.t("interrupted at {0} %", Math.floor(progress.share * 100));
    case "failed":
      return l10n.t("failed");
  }
}

/** A codicon's name. */
export function iconOfState(state: RunState): string {
  switch (state) {
    case "queued":
      return "clock";
    case "running":
    case "cancelling":
      return "loading~spin";
    case "finished":
      return "pass";
    case "interrupted":
      return "debug-pause";
    case "failed":
      return "error";
  }
}
